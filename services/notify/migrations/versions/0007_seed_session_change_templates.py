"""Give the city its templates for what happens to a session somebody has registered for."""

from alembic import op

revision = "0007"
down_revision = "0006"

SQL = """
insert into templates (
    key, version, is_current, event_type, programme, urgency, channels, subject, body, enabled, published_at, client_id,
    department
)
select 'registration_' || happened, 1, true, 'events.registration.' || happened || '.v1', null, urgency,
    '["in_app", "email"]', jsonb_build_object('zh-CN', zh, 'en', en), jsonb_build_object('zh-CN', zh_body, 'en', en_body),
    true, now(), 'platform', 'platform'
from (
    values
    (
        'amended', 'urgent',
        '活动有变更：{{ activity_title }}',
        'Changed: {{ activity_title }}',
        '您好！您报名的活动有变更。原安排：“{{ activity_title_before }}”，{{ starts_at_before }}至{{ ends_at_before }}，'
        || '地点：{{ place_before }}。现安排：“{{ activity_title }}”，{{ starts_at }}至{{ ends_at }}，地点：{{ place }}。'
        || '您的报名保持不变，已获取的入场凭证仍然有效。如不能参加，请尽早取消报名，把名额留给候补人员。',
        'What you have registered for has changed. It was: “{{ activity_title_before }}”, {{ starts_at_before }} until '
        || '{{ ends_at_before }}. Where: {{ place_before }}. It is now: “{{ activity_title }}”, {{ starts_at }} until '
        || '{{ ends_at }}. Where: {{ place }}. Your registration stays as it is, and a ticket you have is still good. If you '
        || 'cannot come, please cancel early, so that the next person gets the seat.'
    ),
    (
        'suspended', 'urgent',
        '场次取消：{{ activity_title }}',
        'Session cancelled: {{ activity_title }}',
        '您好！很抱歉，“{{ activity_title }}”原定于{{ starts_at }}（{{ place }}）的场次已取消。原因：{{ reason }}。'
        || '如恢复举办，将另行通知，您的报名仍然有效；如想参加其他场次，请先取消本次报名，再重新报名。',
        'We are sorry: the session of “{{ activity_title }}” planned for {{ starts_at }} ({{ place }}) has been cancelled. '
        || 'Reason: {{ reason }}. If it is held after all you will be notified, and your registration is still good. For '
        || 'another session, cancel this registration and register again.'
    ),
    (
        'reinstated', 'urgent',
        '场次恢复举办：{{ activity_title }}',
        'Held after all: {{ activity_title }}',
        '您好！此前取消的“{{ activity_title }}”场次恢复举办。时间：{{ starts_at }}；地点：{{ place }}。'
        || '您的报名和已获取的入场凭证仍然有效。如不能参加，请尽早取消报名，把名额留给候补人员。',
        'The session of “{{ activity_title }}” that was cancelled is held after all. When: {{ starts_at }}. Where: {{ place }}. '
        || 'Your registration, and a ticket you have, are still good. If you cannot come, please cancel early, so that the next '
        || 'person gets the seat.'
    ),
    (
        'unplaced', 'normal',
        '候补已结束：{{ activity_title }}',
        'The waiting list has closed: {{ activity_title }}',
        '您好！“{{ activity_title }}”（{{ starts_at }}）已举办，候补名单随之关闭，很遗憾未能为您安排名额。欢迎报名其他活动。',
        '“{{ activity_title }}” ({{ starts_at }}) has been held and its waiting list has closed. We are sorry that no seat came '
        || 'free for you. You are welcome to register for other activities.'
    )
) as seed (happened, urgency, zh, en, zh_body, en_body);
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(SQL)
