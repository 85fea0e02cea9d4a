"""Registers: their kinds, and the entries departments report."""

from __future__ import annotations

from flask_smorest import Blueprint

from contracts.talent import registers as S
from gateway.http import records

blueprint = Blueprint("registers", __name__, description="台账 / Registers")
READ, WRITE, GOVERN = "registers:read", "registers:write", "kinds:govern"

records.put(
    blueprint,
    "/v1/register-kinds/<slug:key>",
    GOVERN,
    ("发布台账类别", "Put a kind of register"),
    "talent.put_register_kind",
    S.PutRegisterKind,
    S.RegisterKind,
    read_by="talent.get_register_kind",
)
records.get(
    blueprint,
    "/v1/register-kinds/<slug:key>",
    READ,
    ("读取台账类别", "Read a kind of register"),
    "talent.get_register_kind",
    S.GetRegisterKind,
    S.RegisterKind,
)
records.list_all(
    blueprint,
    "/v1/register-kinds",
    READ,
    ("列出台账类别", "List kinds of registers"),
    "talent.list_register_kinds",
    S.RegisterKinds,
)
# none of an entry's answers has an ETag: its state changes with the day, and its reporters with those of a second record
records.add(
    blueprint,
    "/v1/register-entries",
    WRITE,
    ("报送台账记录", "Report an entry of a register"),
    "talent.report_register_entry",
    S.ReportRegisterEntry,
    S.RegisterEntry,
    has_etag=False,
)
records.list_of(
    blueprint,
    "/v1/register-entries",
    READ,
    ("列出台账记录", "List entries of registers"),
    "talent.list_register_entries",
    S.ListRegisterEntries,
    S.RegisterEntryPage,
)
records.get(
    blueprint,
    "/v1/register-entries/<uuid:entry_id>",
    READ,
    ("读取台账记录", "Read an entry of a register"),
    "talent.get_register_entry",
    S.GetRegisterEntry,
    S.RegisterEntry,
    has_etag=False,
)
records.list_all(
    blueprint,
    "/v1/register-entries/<uuid:entry_id>/reports",
    READ,
    ("列出各部门的报送", "List what each department says of it"),
    "talent.list_entry_reports",
    S.EntryReports,
)
records.move(
    blueprint,
    "/v1/register-entries/<uuid:entry_id>/same-as",
    WRITE,
    ("判定为同一条记录", "Say that it is the same as another"),
    "talent.mark_same_entry",
    S.MarkSameEntry,
    S.RegisterEntry,
    has_etag=False,
)
records.move(
    blueprint,
    "/v1/register-entries/<uuid:entry_id>/same-as/undo",
    WRITE,
    ("撤销相同判定", "Undo that it is the same as another"),
    "talent.unmark_same_entry",
    S.UnmarkSameEntry,
    S.RegisterEntry,
    has_etag=False,
)
