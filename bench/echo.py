"""The echo service on the chassis, as small as a service can be."""

from __future__ import annotations

from marshmallow import fields

from chassis.process.dependencies import Database
from chassis.rpc.server import query
from chassis.store.work import Work
from contracts.language.schema import Schema


class Echo(Schema):
    text = fields.String(required=True)


def echo(work: Work, *, text: str) -> dict[str, str]:
    return {"text": text}


class EchoService:
    name = "echo"
    database = Database()

    echo = query(Echo, Echo, echo)
