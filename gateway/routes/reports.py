"""Programmes, the outline of the report, and the report."""

from __future__ import annotations

from flask import Response, request
from flask_smorest import Blueprint

from contracts import programmes as S
from gateway.http import languages, reading, records
from gateway.http.operations import operation, respond
from gateway.reports import composing, pages
from gateway.reports.schemas import ProgressReport
from gateway.routes.figures import READ, AsOf, today

blueprint = Blueprint("reports", __name__, description="项目与报告 / Programmes and reports")
GOVERN = "reports:govern"
JSON, TEXT, HTML = "application/json", "text/plain", "text/html"
QUERY = AsOf()

records.put(
    blueprint,
    "/v1/programmes/<programme:key>",
    GOVERN,
    ("发布项目", "Publish a programme"),
    "gateway.put_programme",
    S.PutProgramme,
    S.Programme,
    read_by="gateway.get_programme",
)
records.get(
    blueprint,
    "/v1/programmes/<programme:key>",
    READ,
    ("读取项目", "Read a programme"),
    "gateway.get_programme",
    S.GetProgramme,
    S.Programme,
)
records.list_all(
    blueprint, "/v1/programmes", READ, ("列出项目", "List the programmes"), "gateway.list_programmes", S.Programmes
)
records.put(
    blueprint,
    "/v1/report-outlines/<slug:key>",
    GOVERN,
    ("设置报告提纲", "Publish the outline of the report"),
    "gateway.put_report_outline",
    S.PutReportOutline,
    S.ReportOutline,
    read_by="gateway.get_report_outline",
)
records.get(
    blueprint,
    "/v1/report-outlines/<slug:key>",
    READ,
    ("读取报告提纲", "Read the outline of the report"),
    "gateway.get_report_outline",
    S.GetReportOutline,
    S.ReportOutline,
)


@operation(
    blueprint,
    "GET",
    "/v1/reports/progress",
    scope=READ,
    summary=("读取进展报告", "Read the progress report"),
    query=QUERY,
    answers={200: ProgressReport},
    media=(TEXT, HTML),
    headers={200: ("Vary",)},
)
def get_progress_report() -> Response:
    """As of the end of a day (today without one); by Accept as JSON, as text or as a page. Raises OutlineNotFound."""
    parameters = reading.query_of(QUERY)
    report, about = composing.compose(as_of=parameters.get("as_of") or today(), county=parameters.get("county"))
    wanted = request.accept_mimetypes.best_match([JSON, TEXT, HTML], JSON)
    language = languages.preferred()
    if wanted == TEXT:
        response = Response(pages.text(report, about, language), mimetype=TEXT)
    elif wanted == HTML:
        response = Response(pages.page(report, about, language), mimetype=HTML)
        response.headers["Content-Security-Policy"] = pages.POLICY
    else:
        response = respond(report)
    if wanted != JSON:
        response.headers["Content-Language"] = language
    response.vary.update(("Accept", "Accept-Language"))
    return response
