"""Everything that belongs to an id, from every service's database and the log files: the parts of ``trace``."""
