"""Deliveries of messages."""

from __future__ import annotations

from flask_smorest import Blueprint

from contracts.notify import deliveries as S
from gateway.http import records

blueprint = Blueprint("deliveries", __name__, description="投递 / Deliveries")
OPERATE = "deliveries:operate"

records.list_of(
    blueprint,
    "/v1/deliveries",
    OPERATE,
    ("列出投递记录", "List deliveries"),
    "notify.list_deliveries",
    S.ListDeliveries,
    S.DeliveryPage,
)
records.get(
    blueprint,
    "/v1/deliveries/<uuid:delivery_id>",
    OPERATE,
    ("读取投递记录", "Read a delivery"),
    "notify.get_delivery",
    S.GetDelivery,
    S.Delivery,
)
records.move(
    blueprint,
    "/v1/deliveries/<uuid:delivery_id>/resend",
    OPERATE,
    ("重发失败或结果不明的投递", "Have a delivery sent again that failed or whose outcome is unknown"),
    "notify.resend_delivery",
    S.ResendDelivery,
    S.Delivery,
)
