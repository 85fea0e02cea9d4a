"""Scopes: what a client may do, by subject and verb; which types of clients may hold which. The routes name the scope they need.

A scope opens a route. Whose records are shown or changed there is decided by the service (reach, owner, binding).
Source: access rules, "Who acts" and "Scopes".
"""

from __future__ import annotations

from collections.abc import Collection

#: scope → what it allows, in Chinese and English.
SCOPES: dict[str, tuple[str, str]] = {
    "registry:read": ("读取单位与单位集合", "Read organisations and sets of them"),
    "registry:write": ("登记单位，修改本部门登记的单位", "Register organisations, correct one's own"),
    "registry:govern": (
        "确认单位，管理信任部门、信用代码与单位集合",
        "Confirm organisations; keep trust, credit codes and sets",
    ),
    "people:read": (
        "读取服务范围内的人员、身份关系与事实（脱敏）",
        "Read people, affiliations and facts within reach, masked",
    ),
    "people:write": ("登记人员，更正本部门的报送", "Register people, correct one's own reports"),
    "people:import": ("上传名册并查看进度", "Upload files and follow them"),
    "people:import_results": (
        "下载本部门上传的逐行结果与批注工作簿",
        "Read the rows and workbook of one's own uploads",
    ),
    "people:disclose": (
        "读取完整证件号码与联系方式（注明用途，逐次审计）",
        "Read a person in full, for a stated purpose, audited",
    ),
    "people:all": (
        "服务范围不限（限指定部门，注明用途，逐次审计）",
        "Reach everybody; for named offices, for a stated purpose, each use audited",
    ),
    "affiliations:report": ("报送身份关系", "Report affiliations"),
    "affiliations:decide": (
        "确认或终止身份关系（单位信任的部门）",
        "Confirm or end them, where the organisation trusts",
    ),
    "facts:report": ("报送与终止本部门核验的事实", "Report and end the facts one's own department confirms"),
    "registers:read": ("读取台账与台账类别", "Read registers and their kinds"),
    "registers:write": (
        "报送台账记录，判定两条记录是否相同",
        "Report entries of registers, say that two are the same",
    ),
    "schemes:read": ("读取政策", "Read schemes"),
    "schemes:govern": ("发布政策", "Publish schemes"),
    "entitlements:read": ("读取服务范围内人员的权益", "Read entitlements within reach"),
    "passes:issue": ("为服务范围内人员出具凭证", "Issue passes within reach"),
    "redemptions:scan": ("在绑定的场所核销凭证", "Redeem passes at the places a device is bound to"),
    "redemptions:read": ("读取本部门场所或政策的核销记录", "Read redemptions of one's own places or schemes"),
    "activities:read": ("读取活动、场次与类别", "Read activities, sessions and kinds"),
    "activities:write": ("创建与变更本部门的活动", "Make and change one's own activities"),
    "kinds:govern": ("发布活动、台账与事实的类别", "Publish kinds of activities, registers and facts"),
    "registrations:read": (
        "读取本部门活动或服务范围内人员的报名",
        "Read registrations of one's own activities or within reach",
    ),
    "registrations:write": ("为人员报名、取消报名", "Register people, cancel"),
    "tickets:issue": ("出具入场凭证", "Issue tickets"),
    "checkins:scan": ("在活动现场签到", "Check people in at the door"),
    "templates:read": ("读取消息模板", "Read message templates"),
    "templates:govern": ("发布消息模板", "Publish message templates"),
    "messages:read": (
        "读取本人的站内消息与偏好（经渠道）",
        "Read a person's own messages and preferences, by a channel",
    ),
    "messages:write": ("标记本人消息已读、设置偏好（经渠道）", "Mark them as read, set preferences, by a channel"),
    "reports:read": ("读取项目、统计指标与报告", "Read programmes, figures and reports"),
    "reports:govern": ("发布项目、指标定义与报告提纲", "Publish programmes, definitions of figures and the outline"),
    "deliveries:operate": ("查看与重发投递", "Look at deliveries and send them again"),
    "queues:operate": ("查看队列与死信", "Look at queues and dead letters"),
    "clients:govern": ("管理客户端与密钥", "Manage clients and keys"),
    "audit:read": ("读取审计记录", "Read the audit"),
}

#: Reach without limits, for named offices alone.
EVERYBODY = "people:all"
#: Duties that one client cannot hold together, and that no system, channel or device holds.
OPERATING, SECURITY, AUDIT = {"deliveries:operate", "queues:operate"}, {"clients:govern"}, {"audit:read"}
DUTIES = (OPERATING, SECURITY, AUDIT)
_SERVING = SCOPES.keys() - OPERATING - SECURITY - AUDIT

#: Type of client → the scopes it may hold.
TYPES: dict[str, frozenset[str]] = {
    "system": frozenset(_SERVING),
    "channel": frozenset(scope for scope in _SERVING - {EVERYBODY} if not scope.endswith(":govern")),
    "device": frozenset({"redemptions:scan", "checkins:scan"}),
    "operator": frozenset(OPERATING | SECURITY),
    "auditor": frozenset(AUDIT),
}
#: What a token for a person may carry, of the scopes of its channel.
OF_A_PERSON = frozenset(
    {
        "registry:read", "people:read", "schemes:read", "entitlements:read", "passes:issue", "activities:read",
        "registrations:read", "registrations:write", "tickets:issue", "messages:read", "messages:write",
    }
)  # fmt: skip

#: Scope of version 0.1 → those that replace it. A ``govern`` scope goes to the offices named for it alone.
REPLACED: dict[str, tuple[str, ...]] = {
    "talent:read": ("registry:read", "people:read"),
    "talent:write": (
        "registry:write", "people:write", "people:import", "people:import_results", "affiliations:report",
        "affiliations:decide", "registry:govern",
    ),
    "perks:read": ("schemes:read", "entitlements:read", "redemptions:read", "passes:issue"),
    "perks:write": ("schemes:govern",),
    "perks:redeem": ("redemptions:scan",),
    "events:read": ("activities:read", "registrations:read"),
    "events:write": ("activities:write", "kinds:govern"),
    "events:register": ("registrations:write", "tickets:issue"),
    "events:check_in": ("checkins:scan",),
    "notify:read": ("templates:read",),
    "notify:write": ("templates:govern",),
}  # fmt: skip


def replacing(scopes: Collection[str], *, is_office: bool) -> set[str]:
    """The scopes that stand for those of version 0.1 among `scopes`; ``govern`` scopes for an office alone."""
    found = {new for scope in scopes for new in REPLACED.get(scope, ())}
    return found if is_office else {scope for scope in found if not scope.endswith(":govern")}
