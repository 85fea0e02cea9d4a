"""The law of masking: what of a name, a document number, a phone and an e-mail address anyone may see."""

from __future__ import annotations

import re

#: 复姓 in use today; a name that begins with one and goes on has a surname of two characters.
COMPOUND_SURNAMES = frozenset(
    re.findall(
        "..",
        "欧阳太史端木上官司马东方独孤南宫万俟闻人夏侯诸葛尉迟公羊赫连澹台皇甫宗政濮阳公冶太叔申屠公孙慕容仲孙钟离长孙宇文"
        "司徒鲜于司空闾丘子车亓官司寇巫马公西颛孙壤驷公良漆雕乐正宰父谷梁拓跋夹谷轩辕令狐段干百里呼延东郭南门羊舌微生公户"
        "公玉公仪梁丘公仲公上公门公山公坚左丘公伯西门公祖第五公乘贯丘公皙南荣东里东宫仲长子书子桑即墨达奚褚师歐陽司馬東方"
        "諸葛長孫鮮于尉遲",
    )
)


def mask_name(name: str) -> str:
    """The surname and one star: 张*, 欧阳*. A name of one character shows nothing."""
    if len(name) < 2:
        return "*"
    return (name[:2] if len(name) > 2 and name[:2] in COMPOUND_SURNAMES else name[0]) + "*"


def mask_id_number(number: str) -> str:
    """First six and last four of eighteen characters (140702********1234); of a shorter number the first and the last two."""
    if len(number) == 18:
        return f"{number[:6]}********{number[-4:]}"
    return number[0] + "*" * max(len(number) - 3, 1) + number[-2:]


def mask_phone(e164: str) -> str:
    """A Chinese mobile as 138****8000, without country code; any other number with its last three digits."""
    national = e164.removeprefix("+86")
    if national != e164 and len(national) == 11 and national[0] == "1":
        return f"{national[:3]}****{national[-4:]}"
    return f"{e164[:4]}****{e164[-3:]}"


def mask_email(address: str) -> str:
    """The first character and the domain: l***@example.com."""
    return f"{address[0]}***@{address.rpartition('@')[2]}"
