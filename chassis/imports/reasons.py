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
    "column_repeated": (
        "此列与前面的列含义相同，未读取。",
        "This column means the same as an earlier one and was not read.",
    ),
    "example_skipped": ("示例行未读取。", "The example row was not read."),
    "sheets_ignored": ("只读取了含有名单的第一个工作表。", "Only the first sheet that holds a list was read."),
    "workbook_not_made": ("批注工作簿未能生成。", "The annotated workbook could not be made."),
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


def warning(code: str, column: str = "") -> dict[str, str]:
    """The warning as it is stored and shown; `column` is the header as the file has it."""
    zh, en = WARNINGS[code]
    return {"code": code, "column": column, "zh-CN": zh, "en": en}


def _in_language(params: dict[str, Any], language: int) -> dict[str, Any]:
    # A parameter given as a (zh, en) pair has a form for each language; others serve both.
    return {
        key: value[language] if isinstance(value, tuple | list) and len(value) == 2 else value
        for key, value in params.items()
    }
