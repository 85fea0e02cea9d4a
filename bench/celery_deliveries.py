"""The same deliveries as a Celery task, as one would write it with care: late acknowledgement, the message and its deliveries
under the same unique keys, no transaction open during the mail, one SMTP connection and one database connection per worker.

``celery -A bench.celery_deliveries worker``; CELERY_DATABASE_URL has notify's tables and a table of contacts.
"""

from __future__ import annotations

import os
import time
import uuid
from typing import Any

import psycopg2
import psycopg2.extras
from celery import Celery
from sqlalchemy import make_url

from services.notify.channels import Outgoing
from services.notify.channels.email import SmtpLine, SmtpSettings
from services.notify.templates.rendering import Rendering

app = Celery("deliveries", broker=os.environ.get("AMQP_URI", ""))
app.conf.update(
    task_ignore_result=True,
    task_acks_late=True,
    worker_prefetch_multiplier=32,
    worker_send_task_events=False,
    broker_connection_retry_on_startup=True,
)

_MESSAGE = (
    "insert into messages (id, event_id, person_id, template_key, template_version, event_type, programme, urgency,"
    " subject, body, created_at) values (%s, %s, %s, %s, 1, %s, %s, 'normal', %s, %s, now()) on conflict do nothing"
)
_DELIVERIES = (
    "insert into deliveries (id, message_id, person_id, channel, state, attempts, claim, lease_until, created_at)"
    " values (%s, %s, %s, 'in_app', 'delivered', 0, null, null, now()),"
    " (%s, %s, %s, 'email', 'calling', 1, %s, now() + interval '2 minutes', now())"
)
_DONE = (
    "update deliveries set state = %s, reason = %s, recipient = %s, claim = null, lease_until = null, settled_at = now()"
    " where id = %s"
)
_worker: dict[str, Any] = {}


def _connection() -> Any:
    if "database" not in _worker:
        url = make_url(os.environ["CELERY_DATABASE_URL"]).set(drivername="postgresql")
        _worker["database"] = psycopg2.connect(url.render_as_string(hide_password=False))
        _worker["line"] = SmtpLine(SmtpSettings(os.environ["NOTIFY_SMTP_URL"], os.environ["NOTIFY_SMTP_FROM"], 10.0))
        with _worker["database"] as connection, connection.cursor() as cursor:
            cursor.execute("select key, event_type, subject, body from templates where key = 'entitlement_granted'")
            key, event_type, subject, body = cursor.fetchone()
        _worker["template"] = key, event_type, Rendering(event_type, subject, body)
    return _worker["database"]


@app.task
def deliver(event_id: str, data: dict[str, Any]) -> None:
    """Put the message into the inbox and send its mail."""
    connection = _connection()
    key, event_type, rendering = _worker["template"]
    subject, body = rendering.texts(data)
    message, email, person = str(uuid.uuid4()), str(uuid.uuid4()), data["person_id"]
    json = psycopg2.extras.Json
    with connection, connection.cursor() as cursor:
        row = (message, event_id, person, key, event_type, data["scheme_key"], json(subject), json(body))
        cursor.execute(_MESSAGE, row)
        if cursor.rowcount == 0:
            return
        cursor.execute(_DELIVERIES, (str(uuid.uuid4()), message, person, email, message, person, message))
        cursor.execute("select name, email from contacts where person_id = %s", (person,))
        name, address = cursor.fetchone()
    outgoing = Outgoing(uuid.UUID(email), address, name, subject["zh-CN"], body["zh-CN"], "zh-CN")
    (call,) = _worker["line"].deliver([outgoing], until=time.monotonic() + 60)
    state = "delivered" if call.outcome == "accepted" else "outcome_unknown"
    with connection, connection.cursor() as cursor:
        cursor.execute(_DONE, (state, call.reason, f"{address[:1]}***@example.com", email))
