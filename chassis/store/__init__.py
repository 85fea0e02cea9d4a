"""PostgreSQL: the unit of work, and the tables every service has beside its own."""
