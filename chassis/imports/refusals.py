"""What requests about imports are refused with. The code of each begins with the service that refuses."""

from __future__ import annotations

from contracts.language.refusals import Refusal


class ImportNotFound(Refusal):
    """No import of the caller's department has this id."""

    kind = "not_found"
    code = "chassis.import_not_found"
    zh = "未找到该次导入。"
    en = "There is no such import."


class ImportTooLarge(Refusal):
    """The file is larger than one upload may be."""

    kind = "too_large"
    code = "chassis.import_too_large"
    zh = "文件不能超过 {mebibytes} MiB，请拆分后上传。"
    en = "A file may have at most {mebibytes} MiB. Please split it."


class ImportDayFull(Refusal):
    """The client has announced what it may within 24 hours; room comes as its oldest uploads of that time pass out of it."""

    kind = "conflict"
    code = "chassis.import_day_full"
    zh = "本客户端 24 小时内最多上传 {mebibytes} MiB，请稍后再传；如需更多，请联系平台运维。"
    en = "This client may upload {mebibytes} MiB within 24 hours. Try again later, or ask the platform's ops for more."


class ImportChunkWrong(Refusal):
    """A piece is not base64, has the wrong size, or differs from the one already sent for its place."""

    kind = "unprocessable"
    code = "chassis.import_chunk_wrong"
    zh = "第 {index} 段数据有误（编码、大小或内容与此前不符），请重新上传整个文件。"
    en = "Piece {index} is not base64, not of its size, or not what was sent before. Upload the whole file again."


class ImportNotUploading(Refusal):
    """The upload is complete already."""

    kind = "conflict"
    code = "chassis.import_not_uploading"
    zh = "该文件已上传完毕，不能再追加。"
    en = "This upload is already complete."


class ImportIncomplete(Refusal):
    """Pieces are missing, or together they are not the file that was announced."""

    kind = "unprocessable"
    code = "chassis.import_incomplete"
    zh = "文件不完整，或与声明的大小、SHA-256 不符，请重新上传。"
    en = "The file is incomplete or not the one announced (size, SHA-256). Please upload it again."


class ImportWorkbookNotReady(Refusal):
    """The annotated workbook is made when the import has ended; it is gone after 30 days."""

    kind = "conflict"
    code = "chassis.import_workbook_not_ready"
    zh = "批注工作簿尚未生成，或已过保存期限。"
    en = "The annotated workbook is not there yet, or no longer."


class ImportKindNotFound(Refusal):
    """The service has no kind of this key."""

    kind = "not_found"
    code = "chassis.import_kind_not_found"
    zh = "没有这种导入类型。"
    en = "There is no such kind of import."
