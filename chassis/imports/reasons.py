"""Why a file as a whole is refused, in both languages. Reasons never repeat what a cell holds, headers excepted."""

from __future__ import annotations

from typing import Any

REASONS: dict[str, tuple[str, str]] = {
    "file_empty": ("文件里没有数据。", "The file holds no data."),
    "file_format_unknown": (
        "无法识别文件格式。请上传 XLSX，或 UTF-8、GB18030 编码的 CSV。",
        "The file format is not known. Please send XLSX, or CSV in UTF-8 or GB18030.",
    ),
    "file_encoding_unknown": (
        "无法识别文字编码。请把 CSV 存为 UTF-8 或 GB18030（GBK）编码后重新上传。",
        "The text encoding is not known. Please save the CSV as UTF-8 or GB18030 (GBK) and send it again.",
    ),
    "file_locked_or_old": (
        "文件带有密码，或是旧的 .xls 格式。请去掉密码，另存为 .xlsx 后重新上传。",
        "The file has a password or is in the old .xls format. Please remove the password, save it as .xlsx and send it again.",
    ),
    "file_broken": (
        "文件已损坏，无法打开。请用 Excel 或 WPS 打开后另存，再重新上传。",
        "The file is damaged and cannot be opened. Please open it in Excel or WPS, save it again and send that.",
    ),
    "file_too_large_when_opened": (
        "文件打开后过大。请只保留名单的行和列（删除远处的单元格和多余的工作表）后重新上传。",
        "The file is too large once opened. Please keep only the list's rows and columns "
        "(delete far-away cells and further sheets) and send it again.",
    ),
    "file_takes_too_long": (
        "打开文件用时过长。请只保留名单的行和列后重新上传。",
        "Opening the file takes too long. Please keep only the list's rows and columns and send it again.",
    ),
    "too_many_rows": (
        "名单超过 {limit} 行。请拆分成几个文件。",
        "The list has more than {limit} rows. Please split it into several files.",
    ),
    "too_many_columns": (
        "名单超过 {limit} 列。请只保留需要的列。",
        "The list has more than {limit} columns. Please keep only those needed.",
    ),
    "header_row_missing": (
        "前 {searched} 行里没有找到表头。看到的是：{seen}。应有：{expected}。",
        "No header row was found in the first {searched} rows. Seen: {seen}. Expected: {expected}.",
    ),
    "headers_missing": (
        "缺少必需的列：{missing}。看到的表头：{seen}。应有：{expected}。",
        "Required columns are missing: {missing}. Headers seen: {seen}. Expected: {expected}.",
    ),
    "quote_unclosed": (
        "第 {line} 行的一个双引号没有结束，其后的内容会被并成一格。请删去或补全该引号后重新上传。",
        "A quotation mark that opens on line {line} is not closed, so what follows would become one cell. "
        "Please remove it or close it and send the file again.",
    ),
    "hidden_rows": (
        "有 {count} 行被隐藏或筛选掉（第 {rows} 行）；按“全部或不导入”方式，没有写入任何一行。请取消隐藏和筛选，核对后重新上传。",
        "{count} rows are hidden or filtered out (rows {rows}); the mode being all_or_nothing, no row was applied. "
        "Please show them, check them and send the file again.",
    ),
    "kind_gone": (
        "这种文件类型已不存在，没有读取。",
        "There is no such kind of file any more, so it was not read.",
    ),
    "rows_rejected": (
        "有 {rejected} 行不符合要求，按“全部或不导入”方式，没有写入任何一行。",
        "{rejected} rows were rejected; the mode being all_or_nothing, no row was applied.",
    ),
    "import_failed_repeatedly": (
        "处理多次中断，已停止。请联系平台运维并提供本次导入的编号。",
        "Processing was interrupted too often and has stopped. Please contact the platform's ops with this import's id.",
    ),
}

WARNINGS: dict[str, tuple[str, str]] = {
    "column_ignored": ("此列不需要，未读取。", "This column is not needed and was not read."),
    "column_qualified": (
        "表头或其上方的说明表示此列是另一项内容，未读取。",
        "A note in this header, or the heading above it, says that it is something else; it was not read.",
    ),
    "column_repeated": (
        "此列与“{read}”列含义相同，未读取；读取的是“{read}”列。",
        "This column means the same as {read} and was not read; {read} was.",
    ),
    "hidden_column_read": ("此列被隐藏，但已读取。", "This column is hidden; it was read all the same."),
    "hidden_rows_read": (
        "有 {count} 行被隐藏或筛选掉，也已读取（第 {rows} 行）；“全部或不导入”方式会拒绝这样的文件。",
        "{count} rows that are hidden or filtered out were read too (rows {rows}); all_or_nothing refuses such a file.",
    ),
    "first_of_two_taken": (
        "有 {count} 行的单元格里写了不止一个号码，只读取了第一个（第 {rows} 行）。",
        "{count} rows have more than one number in this cell; only the first was read (rows {rows}).",
    ),
    "blanks_ignored": (
        "第 {first} 列以后只有空格，未读取。",
        "From column {first} on there is nothing but blanks, which were not read.",
    ),
    "example_skipped": ("示例行未读取。", "The example row was not read."),
    "sheets_ignored": (
        "读取的是工作表“{read}”；未读取：{others}。",
        "The sheet {read} was read; not read: {others}.",
    ),
    "lists_ignored": (
        "读取的是工作表“{read}”；以下工作表也像名单，但未读取，请另行上传：{others}。",
        "The sheet {read} was read; these look like lists too and were not, please send them by themselves: {others}.",
    ),
    "workbook_not_made": ("批注工作簿未能生成。", "The annotated workbook could not be made."),
}


#: What had to be inferred to read a cell: it is in the account of how the file was read, and no warning.
INFERRED: dict[str, tuple[str, str]] = {
    "month_as_first_day": (
        "只写了月份，按该月 1 日读取。",
        "A month alone was read as its first day.",
    ),
    "month_as_last_month": (
        "只写了月份的结束时间，按“到该月底为止”读取（次月 1 日起不再有效）。",
        "A month alone as an end was read as through that month: the first day no more is that of the next month.",
    ),
    "number_as_day": (
        "没有日期格式的数字，按表格的日期序号读取。",
        "A number without a date format was read as the spreadsheet's serial number of a day.",
    ),
    "day_from_last_minutes": (
        "距午夜不到两分钟的时间，按次日读取。",
        "A time within two minutes before midnight was read as the next day.",
    ),
    "day_in_shanghai": (
        "带时区的时间，按北京时间取日期。",
        "A time with a zone was read as the day it is in Shanghai.",
    ),
}


class FileRefused(Exception):
    """The file as a whole cannot be read: `code` is one of REASONS, `params` fill its text."""

    def __init__(self, code: str, **params: Any) -> None:
        super().__init__(code)
        self.code = code
        self.params = params


def reason(code: str, **params: Any) -> dict[str, str]:
    """The reason as it is stored and shown: its code and its text in both languages."""
    zh, en = REASONS[code]
    return {"code": code, "zh-CN": zh.format(**_in_language(params, 0)), "en": en.format(**_in_language(params, 1))}


def warning(code: str, column: str = "", **params: Any) -> dict[str, str]:
    """The warning as it is stored and shown; `column` is the header as the file has it."""
    zh, en = WARNINGS[code]
    in_zh, in_en = _in_language(params, 0), _in_language(params, 1)
    return {"code": code, "column": column, "zh-CN": zh.format(**in_zh), "en": en.format(**in_en)}


def _in_language(params: dict[str, Any], language: int) -> dict[str, Any]:
    # A parameter given as a (zh, en) pair has a form for each language; others serve both.
    return {
        key: value[language] if isinstance(value, tuple | list) and len(value) == 2 else value
        for key, value in params.items()
    }
