"""What a refusal means and what to do about it, in Chinese and English: by status, and for codes that need more.

Why each happens is the text of the refusal itself (``refusals.json``). A test holds that each is one of those.
"""

from __future__ import annotations

from typing import NamedTuple


class Words(NamedTuple):
    """One text in both languages."""

    zh: str
    en: str


#: Status → what it means for the caller.
MEANINGS: dict[int, Words] = {
    400: Words("请求的写法有误，平台未作处理。", "The request is not written as it should be; nothing was done."),
    401: Words("平台不知道调用方是谁。", "The platform does not know who is calling."),
    403: Words(
        "平台知道调用方是谁，但不允许此操作；未作任何更改。",
        "The caller is known but may not do this; nothing changed.",
    ),
    404: Words(
        "没有这条记录，或者调用方无权看到它（两种情况的回答完全相同）。",
        "There is no such record, or the caller does not reach it; the answer is the same in both cases.",
    ),
    405: Words("地址正确，方法不对。", "The address is right, the method is not."),
    408: Words("请求没有在限定时间内发送完毕。", "The request did not arrive in the time it has."),
    409: Words(
        "请求本身没有问题，但与记录当前的状态冲突；未作任何更改。",
        "The request is well formed but conflicts with the record as it stands; nothing changed.",
    ),
    410: Words("原本有效，现在已过期。", "It was valid once and no longer is."),
    412: Words(
        "读取之后，记录已被他人修改；未作任何更改。", "Somebody changed the record since it was read; nothing changed."
    ),
    413: Words("内容超过平台接收的上限。", "The content is larger than the platform takes."),
    414: Words("地址超过平台读取的上限。", "The address is longer than the platform reads."),
    415: Words("此操作不读取这种内容类型。", "This operation does not read this media type."),
    417: Words("平台不支持所要求的预期条件。", "The platform does not meet the expectation that was sent."),
    422: Words(
        "格式可以读取，但内容不符合要求；未作任何更改。",
        "It can be read, but its content does not hold; nothing changed.",
    ),
    428: Words(
        "为避免覆盖他人的修改，此操作须说明依据的版本。",
        "So that nobody's change is lost, the request must name a version.",
    ),
    429: Words("调用次数已用完当前时段的份额。", "The share of calls for the current window is used up."),
    431: Words("请求头超过平台读取的上限。", "The header fields are larger than the platform reads."),
    500: Words("平台自身出现未预料的故障。", "The platform itself failed in an unforeseen way."),
    501: Words("平台未实现所要求的功能。", "The platform does not implement the request."),
    503: Words("平台的一部分暂时无法应答。", "A part of the platform does not answer at the moment."),
    504: Words(
        "没有及时得到结果：操作可能已生效，也可能没有。", "No result came in time: it may or may not have taken effect."
    ),
}
_CORRECT = Words("按 detail 与 errors 改正后重新提交。", "Correct what detail and errors name, and send it again.")
#: Status → what to do.
ADVICE: dict[int, Words] = {
    400: _CORRECT,
    401: Words(
        "通过 POST /oauth/token 获取新的访问令牌后重试。", "Get a new token from POST /oauth/token, then retry."
    ),
    403: Words(
        "不要重试。请对照 docs/access.md 确认本客户端可以做什么；确有需要，请联系平台运维。",
        "Do not retry. See docs/access.md for what this client may do; ask the platform's ops where it needs more.",
    ),
    404: Words(
        "核对编号；编号无误时，请确认该记录属于本部门可及的范围。",
        "Check the id; where it is right, check that the record is within your department's reach.",
    ),
    405: Words("改用 Allow 响应头列出的方法。", "Use a method that the Allow header lists."),
    408: Words("检查网络，减小请求，再重试。", "Check the network, send less at once, and retry."),
    409: Words(
        "重新读取该记录，按其当前状态决定下一步；原样重试不会成功。",
        "Read the record again and decide by its state; the same request will not succeed unchanged.",
    ),
    410: Words("重新获取一份再使用。", "Get a new one and use that."),
    412: Words(
        "重新读取，取得新的 ETag，再带 If-Match 提交。", "Read it again for its new ETag, then send it with If-Match."
    ),
    413: Words("拆分后分次提交。", "Split it and send the parts."),
    414: Words("缩短查询参数；个人信息只能放在请求体中。", "Shorten the query; personal data belongs in a body only."),
    415: Words(
        "按 Accept 或 Accept-Patch 响应头设置 Content-Type。", "Set Content-Type to what Accept or Accept-Patch lists."
    ),
    417: Words("去掉 Expect 请求头，或仅使用 100-continue。", "Leave Expect out, or send 100-continue."),
    422: _CORRECT,
    428: Words("先读取记录，再带 If-Match 提交其 ETag。", "Read the record, then send its ETag as If-Match."),
    429: Words("等待 Retry-After 响应头给出的秒数后重试。", "Wait for the seconds that Retry-After names, then retry."),
    431: Words("减少或缩短请求头。", "Send fewer or shorter header fields."),
    500: Words("向平台运维提供 trace_id。", "Give the trace_id to the platform's ops."),
    501: Words("不使用该功能重新发送。", "Send it without that."),
    503: Words(
        "等待 Retry-After 给出的秒数后，用同一 Idempotency-Key 原样重试。",
        "Wait for Retry-After, then retry unchanged under the same Idempotency-Key.",
    ),
    504: Words(
        "读取可直接重试；写入请用同一 Idempotency-Key 重试，已生效的不会重复生效。",
        "Retry a read as it is; retry a write under the same Idempotency-Key: what took effect does not do so twice.",
    ),
}
_OTHER_NONCE = Words(
    "为新的扫码生成新的 nonce；只有同一次扫码才沿用旧的。",
    "Make a nonce for each scan; keep it for the same scan only.",
)
_DEVICE_CLOCK = Words("校准设备时钟；离线扫码须及时补传。", "Set the device's clock; send offline scans in time.")
_ASK_HOLDER = Words("请持有人重新打开凭证后再扫。", "Ask the holder to open it again, and scan that.")
_NO_ENTRY = Words(
    "不予放行，向持有人说明 detail；记录已保存，不必重试。",
    "Do not admit; tell the holder the detail. It is on record; do not retry.",
)
#: Code → what to do, where the status says too little.
ADVICE_OF: dict[str, Words] = {
    "chassis.idempotency_key_reused": Words(
        "为内容不同的请求换一个新的 Idempotency-Key。", "Use a new Idempotency-Key for a request with other content."
    ),
    "chassis.request_in_progress": Words(
        "等待 Retry-After 后用同一幂等键重试，将得到第一次的结果。",
        "Wait for Retry-After and retry under the same key: the answer is the first one's.",
    ),
    "cursor_invalid": Words("去掉 cursor，从第一页重新开始。", "Leave the cursor out and start from the first page."),
    "events.already_registered": Words(
        "读取已有的报名，无需再报。", "Read the registration there is; no other is needed."
    ),
    "events.checked_in_before": _NO_ENTRY,
    "events.nonce_reused": _OTHER_NONCE,
    "events.offer_lapsed": Words("如仍需参加，请重新报名。", "Register again to take part."),
    "events.scan_time_implausible": _DEVICE_CLOCK,
    "events.session_not_chosen": Words(
        "读取活动的场次，在 session_id 中选定一场。", "Read the activity's sessions and name one as session_id."
    ),
    "events.ticket_unreadable": _ASK_HOLDER,
    "not_yet_known": Words("等待一秒后原样重试。", "Wait a second and retry unchanged."),
    "perks.limit_reached": _NO_ENTRY,
    "perks.nonce_reused": _OTHER_NONCE,
    "perks.pass_expired": _ASK_HOLDER,
    "perks.pass_unreadable": _ASK_HOLDER,
    "perks.scan_time_implausible": _DEVICE_CLOCK,
    "person_required": Words(
        "在查询中写明 detail 列出的参数之一。", "Give one of the parameters that the detail lists."
    ),
    "route_not_found": Words(
        "对照 /docs 核对地址，注意末尾不带斜线。", "Check the address in /docs; it has no trailing slash."
    ),
    "scope_missing": Words(
        "申请令牌时在 scope 中写明；客户端没有该范围时，请联系平台运维。",
        "Ask for the scope with the token; where the client does not have it, ask the platform's ops.",
    ),
    "talent.import_day_full": Words("等待 Retry-After 后再上传。", "Upload again after Retry-After."),
    "talent.import_workbook_not_ready": Words(
        "读取该次导入，待 state 为 done 且 workbook 为 true 时再下载。",
        "Read the import; download once its state is done and workbook is true.",
    ),
    "talent.not_your_record": Words(
        "再次报送该人员，以更正本部门报送的信息。", "Report the person again to correct what your department reported."
    ),
    "talent.organisation_ambiguous": Words("写明统一社会信用代码后重新提交。", "Send it again with the credit code."),
}
