"""Chaos: two processes of every service, work through the public API, faults in the middle of it, then a count of effects.

``python -m tests.resilience.chaos --seed 7 --facts 2000``, or ``make chaos``. On servers of its own, as it breaks them too.

* ``servers``: a private PostgreSQL and RabbitMQ; ``town``: the processes on them, each started again when it ends;
* ``traffic``: clients that import, report, end and redeem, and record what was acknowledged (``acknowledged``);
* ``ledgers``: a small service as it is, and two controls: one without inbox, one that commits and then publishes;
* ``messages``: counts of the messages people were sent, up to the mails that arrived;
* ``faults``: a function per kind of fault; ``schedule``: which one when, from the seed;
* ``counting``: what was acknowledged against what is there; ``run``: all of it in order.

A further service joins with a flow (``run.FLOWS``) and a counter (``counting.COUNTERS``), as ``activities`` does.
"""
