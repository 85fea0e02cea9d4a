"""``make doctor``: what is wrong with this checkout's platform, and what to type. It changes nothing and needs nothing running.

One module per subject: ``machine`` (programs, ports, disk), ``servers`` (broker, database), ``clocks``, ``platform`` (migrations,
dead letters, processes), ``keyrings``, ``queues``, ``leftovers``. ``examination`` calls them in their order, ``site`` says what
is looked at, ``remarks`` how it is reported.
"""
