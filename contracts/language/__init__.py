"""What contracts are written in: schemas, messages in two languages, refusals, the event envelope."""
