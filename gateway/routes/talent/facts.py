"""Facts: what departments have verified about people, and the kinds there are."""

from __future__ import annotations

from flask_smorest import Blueprint

from contracts.talent import facts as S
from gateway.http import records

blueprint = Blueprint("facts", __name__, description="核验事实 / Facts")
READ, REPORT, GOVERN = "people:read", "facts:report", "kinds:govern"

records.put(
    blueprint,
    "/v1/fact-kinds/<slug:key>",
    GOVERN,
    ("发布事实类别", "Put a kind of fact"),
    "talent.put_fact_kind",
    S.PutFactKind,
    S.FactKind,
    read_by="talent.get_fact_kind",
)
records.get(
    blueprint,
    "/v1/fact-kinds/<slug:key>",
    READ,
    ("读取事实类别", "Read a kind of fact"),
    "talent.get_fact_kind",
    S.GetFactKind,
    S.FactKind,
)
records.list_all(
    blueprint,
    "/v1/fact-kinds",
    READ,
    ("列出事实类别", "List kinds of facts"),
    "talent.list_fact_kinds",
    S.FactKinds,
)
records.add(
    blueprint,
    "/v1/facts",
    REPORT,
    ("报送核验事实", "Report a fact"),
    "talent.report_fact",
    S.ReportFact,
    S.Fact,
)
records.list_of(
    blueprint,
    "/v1/facts",
    READ,
    ("列出核验事实", "List facts"),
    "talent.list_facts",
    S.ListFacts,
    S.FactPage,
)
records.get(
    blueprint,
    "/v1/facts/<uuid:fact_id>",
    READ,
    ("读取核验事实", "Read a fact"),
    "talent.get_fact",
    S.GetFact,
    S.Fact,
)
records.move(
    blueprint,
    "/v1/facts/<uuid:fact_id>/end",
    REPORT,
    ("终止核验事实", "End a fact"),
    "talent.end_fact",
    S.EndFact,
    S.Fact,
)
