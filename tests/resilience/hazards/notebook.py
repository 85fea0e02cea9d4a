"""What both diaries note outside their transactions, and what the text of an entry makes them do.

Lives here: the table ``notes`` (one row per step, committed at once, so that a test sees what was begun, how often, and
what was never ended) and the misbehaviour a test asks for. Not here: the services. It runs inside both of them, under
eventlet; the chassis is not involved in it.
"""

from __future__ import annotations

import os
import signal

import eventlet
import psycopg2

TABLES = """
create table entries (id uuid primary key, text text not null, number bigint generated always as identity);
create table hearings (number bigint generated always as identity, entry_id uuid not null);
create table notes (number bigint generated always as identity, subject text not null, step text not null);
"""


class Stumbled(Exception):
    """What a handler raises when the text of its entry says so."""


def note(subject: str, step: str) -> int:
    """Write down that `subject` has come to `step`; how often it has by now."""
    connection = psycopg2.connect(os.environ["DIARY_DATABASE_URL"])
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            cursor.execute("insert into notes (subject, step) values (%s, %s)", (subject, step))
            cursor.execute("select count(*) from notes where subject = %s and step = %s", (subject, step))
            return int(cursor.fetchone()[0])
    finally:
        connection.close()


def behave(text: str, times: int) -> None:
    """Do what `text` says at the handler's `times`-th try.

    ``fails N``: raise at the first N tries. ``times-out``: run into an eventlet timeout at the first. ``dies S``: kill
    the process after S seconds, at every try. Anything else: nothing.
    """
    word, _, rest = text.partition(" ")
    if word == "fails" and times <= int(rest):
        raise Stumbled(text)
    if word == "times-out" and times == 1:
        raise eventlet.Timeout(None)
    if word == "dies":
        eventlet.sleep(float(rest))
        die()


def seconds_of(text: str) -> float:
    """How long an entry ``slow S`` takes to hear; 0 for any other."""
    word, _, rest = text.partition(" ")
    return float(rest.split()[0]) if word == "slow" else 0.0


def die() -> None:
    """End this process as a power cut would."""
    os.kill(os.getpid(), signal.SIGKILL)
