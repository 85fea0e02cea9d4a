"""The law of masking: what of a name, a document number and a phone anyone may see."""

from __future__ import annotations

#: 复姓 in use today; a name that begins with one and goes on has a surname of two characters.
COMPOUND_SURNAMES = frozenset(
    "欧阳 太史 端木 上官 司马 东方 独孤 南宫 万俟 闻人 夏侯 诸葛 尉迟 公羊 赫连 澹台 皇甫 宗政 濮阳 公冶 太叔 申屠 公孙 慕容"
    " 仲孙 钟离 长孙 宇文 司徒 鲜于 司空 闾丘 子车 亓官 司寇 巫马 公西 颛孙 壤驷 公良 漆雕 乐正 宰父 谷梁 拓跋 夹谷 轩辕 令狐"
    " 段干 百里 呼延 东郭 南门 羊舌 微生 公户 公玉 公仪 梁丘 公仲 公上 公门 公山 公坚 左丘 公伯 西门 公祖 第五 公乘 贯丘 公皙"
    " 南荣 东里 东宫 仲长 子书 子桑 即墨 达奚 褚师 歐陽 司馬 東方 諸葛 長孫 鮮于 尉遲".split()
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
