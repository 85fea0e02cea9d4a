"""What the gateway answers from its own records, called as the services are: every call, a line each."""

from __future__ import annotations

from contracts import figures as figure_schemas
from contracts import programmes as schemas
from gateway.calls.own import Calls, command, query
from gateway.reports import outlines, parameters, programmes

CALLS: Calls = {
    "put_programme": command(schemas.PutProgramme, schemas.Programme, programmes.put_programme),
    "get_programme": query(schemas.GetProgramme, schemas.Programme, programmes.get_programme),
    "list_programmes": query(schemas.ListProgrammes, schemas.Programmes, programmes.list_programmes),
    "put_report_outline": command(schemas.PutReportOutline, schemas.ReportOutline, outlines.put_report_outline),
    "get_report_outline": query(schemas.GetReportOutline, schemas.ReportOutline, outlines.get_report_outline),
    "count_figures": query(figure_schemas.CountFigures, figure_schemas.FigureCounts, parameters.count_figures),
    "list_figure_records": query(
        figure_schemas.ListFigureRecords, figure_schemas.FigureRecordPage, parameters.list_figure_records
    ),
}
