"""The command line: ``python -m cli``, for a department's engineer (HTTP) and an on-call engineer (databases and broker).

Lives here: commands, what they print and how they end. Not here: serving anything, or any law of the city. What a command
does lies where it belongs (``gateway.auth``, ``chassis``); nothing imports this package.
"""
