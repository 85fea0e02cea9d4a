"""Files of register entries (台账): one kind of import for each kind of register, made from its data.

``rows`` is pure and runs in the child process; ``columns``, ``applying`` and ``kinds`` run in the service.
"""
