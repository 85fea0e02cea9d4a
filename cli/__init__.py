"""The command line: ``python -m cli``, for a department's engineer (HTTP) and an on-call engineer (databases and broker).

Lives here: commands, their output and their exit statuses. Not here: serving anything, or any law of the city. The work of a
command is done where it belongs (``gateway.auth``, ``chassis``); no other package imports this one.
"""

#: That of pyproject.toml.
VERSION = "0.1.0"
