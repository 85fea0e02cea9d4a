"""Scopes: what a client may do, by service and verb. Which route needs which stands at the route."""

from __future__ import annotations

#: scope → what it allows, in Chinese and English.
SCOPES: dict[str, tuple[str, str]] = {
    "talent:read": (
        "读取单位、人员（脱敏）、身份关系与导入结果",
        "Read organisations, people (masked), affiliations, imports",
    ),
    "talent:write": ("登记与修改单位、人员、身份关系；导入名册", "Register and change them; import rosters"),
    "perks:read": ("读取政策、权益、凭证与核销记录", "Read schemes, entitlements, passes, redemptions"),
    "perks:write": ("发布政策", "Publish schemes"),
    "perks:redeem": ("在现场核销凭证", "Redeem passes at a gate"),
    "events:read": ("读取活动、场次与报名", "Read activities, sessions and registrations"),
    "events:write": ("创建与变更活动", "Make and change activities"),
    "events:register": ("为人员报名、取消报名，获取入场凭证", "Register people, cancel, and issue their tickets"),
    "events:check_in": ("在现场签到", "Check people in at the door"),
    "notify:read": ("读取消息模板、消息、投递与偏好", "Read templates, messages, deliveries, preferences"),
    "notify:write": (
        "发布消息模板、设置偏好、标记已读、重发",
        "Publish templates, set preferences, mark as read, resend",
    ),
    "reports:read": ("读取统计指标", "Read figures"),
}
