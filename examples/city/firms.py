"""Firms and universities that several departments' files name: one spelling and one credit code each."""

from __future__ import annotations

from dataclasses import dataclass

from examples.city import credit_code, universities
from examples.city.files import INVENTED

TENANTS, FIRMS, PARTNERS = 254, 120, 59
_PLACES = ("榆次", "太谷", "祁县", "平遥", "介休", "灵石", "寿阳", "昔阳")
_TRADES = ("智能装备", "信息科技", "新材料", "生物医药", "现代农业", "节能环保", "文化创意", "液压机械")


@dataclass(frozen=True)
class Firm:
    """An invented organisation."""

    name: str
    uscc: str


def _firm(serial: int, number: int, what: str) -> Firm:
    place, trade = _PLACES[number % len(_PLACES)], _TRADES[number // len(_PLACES) % len(_TRADES)]
    return Firm(f"{place}{trade}示范{number + 1:03d}号{what}{INVENTED}", credit_code("91", serial + number))


#: Start-ups that are tenants of incubators.
TENANT_FIRMS = tuple(_firm(310_000, number, "初创企业") for number in range(TENANTS))
#: Enterprises outside.
OTHER_FIRMS = tuple(_firm(320_000, number, "企业") for number in range(FIRMS))
#: Universities the city cooperates with: those of the pack, then others.
PARTNER_UNIVERSITIES = (
    *(Firm(one.name, one.uscc) for one in universities()),
    *(Firm(f"合作示范大学{n:02d}{INVENTED}", credit_code("12", 330_000 + n)) for n in range(20, PARTNERS + 1)),
)
