"""The workbook to fill in: Chinese headers, drop-down lists, an example row, and a sheet that explains each column.

An example row that is left in the file is recognised by its mark and skipped. The constants are all the child process needs
of this module, so the library is imported where a workbook is made.
"""

from __future__ import annotations

import io
import re
from typing import Any

from chassis.imports.kinds import Column, ImportKind

GUIDE, CHOICES = "填写说明", "可选项"
_LONGEST_LIST = 255
"""Characters of a drop-down list that stands in the cell's rule itself (ECMA-376 part 1, 18.3.1.33)."""
#: A cell that begins so makes its row an example, which is not read.
EXAMPLE_MARKS = ("(示例)", "（示例）")
ROWS = 2_000


def template(kind: ImportKind) -> bytes:
    """The workbook of a kind. Every column holds texts, so that an ID number keeps its digits."""
    import xlsxwriter

    target = io.BytesIO()
    workbook = xlsxwriter.Workbook(target, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    sheet = workbook.add_worksheet(_sheet_name(kind.zh))
    text = workbook.add_format({"num_format": "@"})
    required = workbook.add_format({"bold": True, "num_format": "@", "bg_color": "#FCE8B2", "border": 1})
    optional = workbook.add_format({"bold": True, "num_format": "@", "bg_color": "#E8EEF7", "border": 1})
    example = workbook.add_format({"num_format": "@", "italic": True, "font_color": "#7F7F7F"})
    for position, column in enumerate(kind.columns):
        sheet.set_column(position, position, max(14, 2 * len(column.zh) + 4), text)
        sheet.write_string(
            0,
            position,
            f"{column.zh}（必填）" if column.is_required else column.zh,
            required if column.is_required else optional,
        )
        sheet.write_string(1, position, (EXAMPLE_MARKS[1] if position == 0 else "") + column.example, example)
        if column.allowed:
            choices = {
                "validate": "list",
                "source": _choices(workbook, position, column),
                "error_type": "warning",
                "error_title": column.zh,
                "error_message": "请从下拉列表中选择。",
            }
            sheet.data_validation(1, position, ROWS, position, choices)
    sheet.freeze_panes(1, 0)
    _explain(workbook, kind)
    workbook.close()
    return target.getvalue()


def _sheet_name(zh: str) -> str:
    """A name as a sheet may have it: at most 31 characters, none of those a formula needs, and not that of another sheet."""
    name = re.sub(r"[\[\]:*?/\\']", " ", zh)[:31].strip()
    return name if name and name not in (GUIDE, CHOICES) and name.casefold() != "history" else "名单"


def _choices(workbook: Any, position: int, column: Column) -> list[str] | str:
    """The texts to choose from; where they do not fit into a rule, the range of a sheet that lists them."""
    if len(",".join(column.allowed)) <= _LONGEST_LIST and not any("," in text for text in column.allowed):
        return list(column.allowed)
    from chassis.imports.markup import letters

    sheet = workbook.get_worksheet_by_name(CHOICES) or workbook.add_worksheet(CHOICES)
    sheet.hide()
    for row, text in enumerate(column.allowed):
        sheet.write_string(row, position, text)
    return f"='{CHOICES}'!${letters(position)}$1:${letters(position)}${len(column.allowed)}"


def _explain(workbook: Any, kind: ImportKind) -> None:
    guide = workbook.add_worksheet(GUIDE)
    head = workbook.add_format({"bold": True, "bg_color": "#E8EEF7", "border": 1})
    wrap = workbook.add_format({"text_wrap": True, "valign": "top"})
    titles = ("列", "Column", "必填 / Required", "可填写 / Allowed", "同义表头 / Headers read alike", "示例 / Example")
    for position, title in enumerate(titles):
        guide.write_string(0, position, title, head)
    for index, column in enumerate(kind.columns, 1):
        need = "否 / no" if not column.is_required else "是 / yes"
        if column.or_given:
            need = "是，除非上传时已指明 / yes, unless named with the upload"
        cells = (column.zh, column.en, need, "、".join(column.allowed), "、".join(column.synonyms), column.example)
        for position, cell in enumerate(cells):
            guide.write_string(index, position, cell, wrap)
    note = len(kind.columns) + 2
    guide.write_string(note, 0, "以“（示例）”开头的行不会导入。可增加其他列，多余的列会被忽略。")
    guide.write_string(note + 1, 0, "A row that begins with （示例） is not imported. Further columns are ignored.")
    guide.set_column(0, 5, 24)
