"""The roster (名册): people, and what each is to an organisation.

``columns`` and ``rows`` are pure and run in the child process; ``applying`` runs in the service.
"""
