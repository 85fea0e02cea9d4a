"""Give the city its templates for registrations: messages from the request for a seat to the day itself."""

from alembic import op

revision = "0004"
down_revision = "0003"

SQL = """
insert into templates (
    key, version, is_current, event_type, programme, urgency, channels, subject, body, enabled, published_at, client_id,
    department
)
select key, 1, true, 'events.registration.' || happened || '.v1', null, urgency, '["in_app", "email"]',
    jsonb_build_object('zh-CN', zh, 'en', en), jsonb_build_object('zh-CN', zh_body, 'en', en_body), true, now(),
    'platform', 'platform'
from (
    values
    (
        'registration_confirmed', 'confirmed', 'normal',
        '报名成功：{{ activity_title }}',
        'You have a seat: {{ activity_title }}',
        '您好！您已成功报名“{{ activity_title }}”。时间：{{ starts_at }}；地点：{{ place }}。入场时请出示电子凭证二维码。'
        || '如不能参加，请尽早取消报名，把名额留给候补人员。',
        'You have a seat for “{{ activity_title }}”. When: {{ starts_at }}. Where: {{ place }}. Show your ticket (QR code) at '
        || 'the door. If you cannot come, please cancel early, so that the next person gets the seat.'
    ),
    (
        'registration_waitlisted', 'waitlisted', 'normal',
        '已进入候补：{{ activity_title }}',
        'You are on the waiting list: {{ activity_title }}',
        '您好！“{{ activity_title }}”（{{ starts_at }}）名额已满，您已进入候补名单，'
        || '当前排在第{{ position }}位。有名额空出时将按顺序递补并通知您。',
        '“{{ activity_title }}” ({{ starts_at }}) is full. You are number {{ position }} on the waiting list. Seats that come '
        || 'free go to the list in its order, and you will be told.'
    ),
    (
        'registration_offered', 'offered', 'urgent',
        '有名额，请确认：{{ activity_title }}',
        'A seat is yours to accept: {{ activity_title }}',
        '您好！“{{ activity_title }}”（{{ starts_at }}，{{ place }}）为您空出一个名额，'
        || '请在{{ offer_expires_at }}前确认，逾期将让给下一位候补人员。',
        'A seat has come free for you at “{{ activity_title }}” ({{ starts_at }}, {{ place }}). Please accept it before '
        || '{{ offer_expires_at }}; after that it goes to the next person.'
    ),
    (
        'registration_promoted', 'promoted', 'urgent',
        '候补成功：{{ activity_title }}',
        'You have moved up: {{ activity_title }}',
        '您好！您已从候补名单递补成功，获得“{{ activity_title }}”的名额。'
        || '时间：{{ starts_at }}；地点：{{ place }}。入场时请出示电子凭证二维码。',
        'You have moved up from the waiting list and have a seat for “{{ activity_title }}”. When: {{ starts_at }}. Where: '
        || '{{ place }}. Show your ticket (QR code) at the door.'
    ),
    (
        'registration_lapsed', 'lapsed', 'normal',
        '名额确认已超时：{{ activity_title }}',
        'The offer has lapsed: {{ activity_title }}',
        '您好！您未在规定时间内确认“{{ activity_title }}”的名额，该名额已让给下一位候补人员。如仍想参加，可以重新报名。',
        'The seat at “{{ activity_title }}” was not accepted in time and has gone to the next person. You are welcome to '
        || 'register again.'
    ),
    (
        'registration_cancelled', 'cancelled', 'normal',
        '报名已取消：{{ activity_title }}',
        'Your registration is cancelled: {{ activity_title }}',
        '您好！您对“{{ activity_title }}”（{{ starts_at }}）的报名已取消。',
        'Your registration for “{{ activity_title }}” ({{ starts_at }}) is cancelled.'
    ),
    (
        'registration_voided', 'voided', 'urgent',
        '活动取消：{{ activity_title }}',
        'Called off: {{ activity_title }}',
        '您好！很抱歉，原定于{{ starts_at }}举办的“{{ activity_title }}”已取消。'
        || '原因：{{ reason }}。您的报名已自动失效，无需操作。',
        'We are sorry: “{{ activity_title }}”, planned for {{ starts_at }}, has been called off. Reason: {{ reason }}. Your '
        || 'registration has ended; there is nothing for you to do.'
    )
) as seed (key, happened, urgency, zh, en, zh_body, en_body);
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(SQL)
