-- Frozen: rows leave the outbox in the order of their ids, which are given when an event is announced.
create index outbox_waiting on outbox (id) where position is null;
