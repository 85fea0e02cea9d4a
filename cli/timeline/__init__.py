"""What happened under one id, from every service's database and the log files: the pieces of ``trace``."""
