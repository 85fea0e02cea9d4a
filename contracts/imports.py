"""Imports, of any service that has kinds: the file in pieces, its progress, a verdict per row; the kinds and their templates.

Class names are those of the RPC methods. Uploads and workbooks are seen by the uploading department alone.
"""

from __future__ import annotations

from marshmallow import fields, validate

from contracts.language.messages import Text
from contracts.language.schema import Bilingual, Instant, Listing, Page, Schema, Whole, page_of
from contracts.vocabulary import VERDICTS

#: Every kind of import that is code → the service that has it.
KINDS = {"roster": "talent"}
#: Kinds that are data, ``<family>.<key>`` (``register.partnership``): their family → the service that has them.
FAMILIES = {"register": "talent"}
MODES = ("dry_run", "best_effort", "all_or_nothing")
STATES = ("uploading", "queued", "applying", "done", "rejected", "failed")

#: Every piece of an upload but its last has this size.
CHUNK_BYTES = 256 * 1024
MAX_BYTES = 20 * 1024 * 1024

_COUNT = {"required": True, "validate": validate.Range(min=0)}
_OF_FAMILY = rf"(?:{'|'.join(FAMILIES)})\.[a-z0-9][a-z0-9_.-]{{0,79}}"
#: The key of a kind: one of KINDS, or a family's.
KIND = validate.Regexp(
    rf"(?:{'|'.join(KINDS)}|{_OF_FAMILY})\Z",
    error=Text(
        "unknown_kind",
        f"应为 {'、'.join(KINDS)}，或 {'、'.join(f'{one}.<键>' for one in FAMILIES)}。",
        f"Must be {', '.join(KINDS)}, or {', '.join(f'{one}.<key>' for one in FAMILIES)}.",
    ),
)
_ANY_KIND = validate.Regexp(
    rf"(?:{_OF_FAMILY}|[a-z0-9][a-z0-9_.-]{{0,79}})\Z",
    error=Text(
        "invalid_slug", "只能包含小写字母、数字、下划线、点和连字符。", "Lower-case letters, digits, _ . - only."
    ),
)


def family_of(kind: str) -> str | None:
    """The family of a kind that is data; None for one that is code, and for what is no kind."""
    family, dot, _ = kind.partition(".")
    return family if dot and family in FAMILIES else None


def service_of(kind: str) -> str | None:
    """The service that has a kind, or would have it; None for what is no kind."""
    family = family_of(kind)
    return KINDS.get(kind) if family is None else FAMILIES[family]


class StartImport(Schema):
    """An upload is announced: its name, size and SHA-256; ``organisation_id`` for a file without that column."""

    kind = fields.String(required=True, validate=KIND)
    mode = fields.String(load_default="best_effort", validate=validate.OneOf(MODES))
    organisation_id = fields.UUID(load_default=None, allow_none=True)
    filename = fields.String(required=True, validate=validate.Length(min=1, max=300))
    size = Whole(required=True, validate=validate.Range(min=0))
    sha256 = fields.String(required=True, validate=validate.Regexp(r"[0-9a-f]{64}\Z"))


class AppendImportChunk(Schema):
    """Piece `index` of the file, counted from 0; in any order, and safe to send again."""

    import_id = fields.UUID(required=True)
    index = Whole(required=True, validate=validate.Range(min=0, max=MAX_BYTES // CHUNK_BYTES))
    data_base64 = fields.String(required=True, validate=validate.Length(min=1, max=CHUNK_BYTES * 4 // 3 + 4))


class SubmitImport(Schema):
    """The file is complete: check it and queue it."""

    import_id = fields.UUID(required=True)


class GetImport(SubmitImport):
    """One import of the caller's department."""


class Counts(Schema):
    """Rows by verdict; `total` is known once the file has been read."""

    total = fields.Integer(**_COUNT)  # type: ignore[arg-type]
    accepted = fields.Integer(**_COUNT)  # type: ignore[arg-type]
    unchanged = fields.Integer(**_COUNT)  # type: ignore[arg-type]
    differs = fields.Integer(**_COUNT)  # type: ignore[arg-type]
    rejected = fields.Integer(**_COUNT)  # type: ignore[arg-type]


class ImportReason(Bilingual):
    """Why an import as a whole was rejected or failed."""

    code = fields.String(required=True)


class ImportNotice(ImportReason):
    """Something about the file that did not keep it from being read."""

    column = fields.String(required=True)


class ReadColumn(Bilingual):
    """A header that was read: the letter of its column, the column of the kind it became, and that column's names."""

    header = fields.String(required=True)
    letter = fields.String(required=True)
    key = fields.String(required=True)


class ImportInference(ImportNotice):
    """What had to be inferred to read cells of a column: in how many rows, the first of them, and how it was read."""

    count = fields.Integer(**_COUNT)  # type: ignore[arg-type]
    rows = fields.List(fields.Integer(), required=True)


class ImportReading(Schema):
    """How a file was read. `sheet` is null for a CSV file, `encoding` and `delimiter` for a workbook.

    `lines` are those of the text, `rows` those of the table, the header row and what stands above it included.
    """

    format = fields.String(required=True, validate=validate.OneOf(("xlsx", "csv")))
    sheet = fields.String(required=True, allow_none=True)
    encoding = fields.String(required=True, allow_none=True)
    delimiter = fields.String(required=True, allow_none=True)
    header_row = fields.Integer(required=True)
    lines = fields.Integer(**_COUNT)  # type: ignore[arg-type]
    rows = fields.Integer(**_COUNT)  # type: ignore[arg-type]
    hidden_rows = fields.Integer(**_COUNT)  # type: ignore[arg-type]
    columns = fields.List(fields.Nested(ReadColumn), required=True)
    ignored = fields.List(fields.String(), required=True, metadata={"description": "Headers that were not read."})
    inferred = fields.List(fields.Nested(ImportInference), required=True)


class Import(Schema):
    """An import. `applied` says whether its rows were written (a dry run's never are).

    `filename` is null in the answer of a command, which is kept in the clear with its idempotency key.
    """

    id = fields.UUID(required=True)
    kind = fields.String(required=True, validate=KIND)
    mode = fields.String(required=True, validate=validate.OneOf(MODES))
    state = fields.String(required=True, validate=validate.OneOf(STATES))
    applied = fields.Boolean(required=True)
    filename = fields.String(required=True, allow_none=True)
    organisation_id = fields.UUID(required=True, allow_none=True)
    size = fields.Integer(required=True)
    sha256 = fields.String(required=True)
    counts = fields.Nested(Counts, required=True)
    reason = fields.Nested(ImportReason, required=True, allow_none=True)
    warnings = fields.List(fields.Nested(ImportNotice), required=True)
    reading = fields.Nested(
        ImportReading,
        required=True,
        allow_none=True,
        metadata={"description": "How the file was read; null until then."},
    )
    workbook = fields.Boolean(required=True, metadata={"description": "Whether the annotated workbook can be read."})
    reported_by = fields.List(fields.String(), required=True)
    created_at = Instant(required=True)
    finished_at = Instant(required=True, allow_none=True)
    expires_at = Instant(required=True)
    version = fields.Integer(required=True)


class ListImports(Listing):
    """Imports of the caller's department, oldest first."""

    kind = fields.String(validate=KIND)
    state = fields.String(validate=validate.OneOf(STATES))


class RowViolation(Schema):
    """What is wrong with one cell, without the cell; `column` is the column's Chinese name."""

    column = fields.String(required=True)
    code = fields.String(required=True)
    zh_cn = fields.String(data_key="zh-CN", attribute="zh", required=True)
    en = fields.String(required=True)


class ImportRow(Schema):
    """The verdict on one row; `row` is its number as the spreadsheet shows it."""

    row = fields.Integer(required=True)
    verdict = fields.String(required=True, validate=validate.OneOf(VERDICTS))
    violations = fields.List(fields.Nested(RowViolation), required=True)
    record_id = fields.UUID(required=True, allow_none=True)
    affiliation_id = fields.UUID(
        required=True, allow_none=True, metadata={"description": "The same as `record_id`; for readers of rosters."}
    )


class RowPosition(Schema):
    """The last row of a page."""

    row = Whole(required=True)


class ListImportRows(Page):
    """The verdicts of an import, in the order of the file."""

    import_id = fields.UUID(required=True)
    verdict = fields.String(load_default=None, allow_none=True, validate=validate.OneOf(VERDICTS))
    after = fields.Nested(RowPosition, load_default=None, allow_none=True)


class ImportRowPage(Schema):
    """A page of verdicts."""

    items = fields.List(fields.Nested(ImportRow), required=True)
    next_after = fields.Nested(RowPosition, required=True, allow_none=True)


class ReadImportWorkbook(Schema):
    """The annotated workbook from `offset` on."""

    import_id = fields.UUID(required=True)
    offset = Whole(load_default=0, validate=validate.Range(min=0))


class ImportWorkbookPart(Schema):
    """A part of the workbook; the next one starts at `next_offset`, null after the last."""

    data_base64 = fields.String(required=True)
    next_offset = fields.Integer(required=True, allow_none=True)
    filename = fields.String(required=True)
    media_type = fields.String(required=True)


class ListImportKinds(Schema):
    """The kinds of files a service imports."""


class ImportColumn(Schema):
    """A column of a kind. `or_given`: not required where the upload names the organisation."""

    key = fields.String(required=True)
    name = fields.Nested(Bilingual, required=True)
    required = fields.Boolean(required=True)
    or_given = fields.Boolean(required=True)
    synonyms = fields.List(fields.String(), required=True, metadata={"description": "Headers that are read alike."})
    allowed = fields.List(fields.String(), required=True, metadata={"description": "Texts to choose from; none: any."})
    example = fields.String(required=True)


class ImportKind(Schema):
    """A kind of file, with its columns in the order of the template."""

    key = fields.String(required=True)
    name = fields.Nested(Bilingual, required=True)
    columns = fields.List(fields.Nested(ImportColumn), required=True)


class ImportKinds(Schema):
    items = fields.List(fields.Nested(ImportKind), required=True)


class ReadImportTemplate(Schema):
    kind = fields.String(required=True, validate=_ANY_KIND)


class ImportTemplate(Schema):
    """The workbook of a kind to fill in."""

    data_base64 = fields.String(required=True)
    filename = fields.String(required=True)
    media_type = fields.String(required=True)


ImportPage = page_of(Import)
