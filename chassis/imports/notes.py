"""Notes in the brackets of a header: ornaments, which say how to fill the column in, and those that make it another column.

身份证号（必填，18位） is the column of 身份证号; 身份证号（监护人） is somebody else's. A note that is not known to be an
ornament makes another column: to read too little is told, to read the wrong person's number is not noticed. Standard library
only.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_BRACKETS = re.compile(
    r"\(([^()]*)\)|\[([^\[\]]*)\]|【([^【】]*)】|〔([^〔〕]*)〕|\{([^{}]*)\}|<([^<>]*)>|《([^《》]*)》"
)

#: That the column must or may be filled in, and how; whose it is where it is the listed person's own.
_ORNAMENTS = re.compile(
    r"(?:此项|本项|此列)?(?:为)?(?:必填|选填|必选|可选|非必填|必须填写|必须|务必填写|可不填|可以不填|可空|可为空|可留空|不必填)(?:项)?"
    r"|如有|(?:如)?(?:没有|无)(?:则|可|的|请)*(?:不填|留空|空着)|有则填(?:写)?|重要"
    r"|下拉(?:菜单|列表)?(?:选择)?|请?(?:从下拉列表中)?选择|单选|请勿(?:修改|改动)(?:表头)?|勿改|不可修改"
    r"|请?填?(?:写)?(?:规范)?(?:全称|全名)|真实姓名|实名|中文|汉字|中文名|常用|大陆"
    r"|本人|(?:学生|学员|教职工|教工|员工)(?:本人)?|student"
    r"|(?:须|需|应|请)?(?:与|同)(?:居民)?(?:身份证|证件|护照|户口本)(?:上)?(?:保持)?(?:一致|相同)"
    r"|(?:单元格)?(?:设为|设置为|用)?(?:文本|数字|数值|日期|常规|文字)(?:格式|型|类型)?|(?:日期)?格式|年月日|年月|年|公历|阳历"
    r"|\d{1,3}(?:位|个字|字)(?:以内|数|数字|字符|号码|手机号|手机号码|身份证号|证件号码)?|手机号|手机|座机|区号"
    r"|required|optional|mandatory|text|date|format|digits?|characters?|number|(?:full)?legalname|own|ifany|yes|no"
    r"|(?:19|20)\d{2}[-/.年]?\d{1,2}(?:[-/.月]?\d{1,2}日?)?|[ymdhs年月日时分秒\-/.:_0-9x#*]*"
)
_EXAMPLE = re.compile(r"(?:填写)?(?:格式|示例|例|例如|形如|样例|如|比如|eg|e\.g\.|format|example)(?:为|是)?[:：=]?(.*)")
#: People and things a roster's own columns are not about.
_OF_OTHERS = re.compile(
    "家长|监护|父|母|爸|妈|配偶|亲属|家属|家庭|紧急|联系人|辅导员|班主任|导师|老师|负责人|经办|推荐人|介绍人|担保人|填表人|代办"
    "|拼音|英文|曾用|高中|初中|小学|中学|guardian|parent|father|mother|emergency|contact|tutor|advis|supervis|family|pinyin"
)
_HEADING = re.compile(
    r"(?:学生)?(?:的)?(?:主要|第)?[一二三1-3]?"
    r"(?:家长|监护人|父亲|母亲|父母|配偶|亲属|家属|家庭|家庭成员|紧急联系人|联系人|辅导员|班主任|导师|负责人|经办人|推荐人|介绍人|担保人|填表人"
    r"|guardians?|parents?|father|mother|emergencycontact|family|supervisor|tutor)"
    r"[一二三1-3]?(?:基本)?(?:信息|情况|资料|联系方式|details|information|info)?[一二三1-3]?"
)


def split_notes(header: str) -> tuple[str, list[str]]:
    """A header (made ``plain``) without what stands in closed brackets, and that."""
    notes: list[str] = []

    def take(found: re.Match[str]) -> str:
        notes.append(next(group for group in found.groups() if group is not None))
        return ""

    while (without := _BRACKETS.sub(take, header)) != header:
        header = without
    return header, notes


def without_ornaments(header: str) -> tuple[str, bool]:
    """A header (made ``plain``) without brackets of ornaments, and whether there were any; others stay: 面积(平方米)."""
    kept = _BRACKETS.sub(lambda found: "" if only_ornaments(filter(None, found.groups())) else found[0], header)
    return kept, kept != header


def only_ornaments(notes: Iterable[str], allowed: Iterable[str] = ()) -> bool:
    """Whether none of the notes changes what the column is; to list the texts `allowed` in it changes nothing."""
    return all(_is_ornament(note.casefold(), allowed) for note in notes)


def is_of_others(heading: str) -> bool:
    """Whether a heading above several headers gives them to somebody else: 监护人信息."""
    return _HEADING.fullmatch("".join(heading.split()).casefold()) is not None


def _is_ornament(note: str, allowed: Iterable[str]) -> bool:
    parts = [part for part in re.split(r"[\s,;、,，；。.|+]+|/(?=\D)|(?<=\D)/|(?:或|和|及)", note) if part]
    choices = {choice.casefold() for choice in allowed} | {"等"}
    for number, part in enumerate(parts):
        if part in choices or part.removesuffix("等") in choices or _ORNAMENTS.fullmatch(part):
            continue
        example = _EXAMPLE.fullmatch("".join(parts[number:]))
        return example is not None and _OF_OTHERS.search(example[1]) is None
    return True
