"""The one-command local stack: private servers, processes under a supervisor, the demo city. See ``make help``."""
