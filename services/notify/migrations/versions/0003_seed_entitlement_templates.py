"""Give the city its first templates: messages about entitlements."""

from alembic import op

revision = "0003"
down_revision = "0002"

SQL = """
insert into templates (
    key, version, is_current, event_type, programme, urgency, channels, subject, body, enabled, published_at, client_id,
    department
)
select key, 1, true, event_type, null, 'normal', '["in_app", "email"]', jsonb_build_object('zh-CN', zh, 'en', en),
    jsonb_build_object('zh-CN', zh_body, 'en', en_body), true, now(), 'platform', 'platform'
from (
    values
    (
        'entitlement_granted', 'perks.entitlement.granted.v1',
        '您已获得“{{ scheme_name }}”',
        'You have been granted: {{ scheme_name }}',
        '您好！经核对，您符合“{{ scheme_name }}”政策条件，现已为您直接办理，无需申请（免申即享）。使用时请出示电子凭证二维码。',
        'Good news: the records show that you are eligible for “{{ scheme_name }}”, and it has been granted to you without '
        || 'an application. Show your electronic pass (QR code) when you use it.'
    ),
    (
        'entitlement_suspended', 'perks.entitlement.suspended.v1',
        '“{{ scheme_name }}”已暂停',
        'Suspended: {{ scheme_name }}',
        '您好！经核对，您目前不再符合“{{ scheme_name }}”政策条件，该项权益现已暂停。情况变化后将自动恢复，无需申请。'
        || '如有疑问，请联系您所在单位核对信息。',
        'The records show that you are not eligible for “{{ scheme_name }}” at present, so it has been suspended. It comes '
        || 'back by itself when that changes. If you think the records are wrong, please ask your organisation.'
    ),
    (
        'entitlement_reinstated', 'perks.entitlement.reinstated.v1',
        '“{{ scheme_name }}”已恢复',
        'Reinstated: {{ scheme_name }}',
        '您好！经核对，您重新符合“{{ scheme_name }}”政策条件，该项权益现已自动恢复，无需申请。',
        'The records show that you are eligible for “{{ scheme_name }}” again. It has been reinstated without an application.'
    )
) as seed (key, event_type, zh, en, zh_body, en_body);
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(SQL)
