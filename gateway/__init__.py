"""The only HTTP door: routes, authentication, idempotency, limits, problems, figures, the API description.

Runs under gunicorn with a gevent worker. Imports ``contracts`` and the nameko-free part of ``chassis``; never a service.
"""
