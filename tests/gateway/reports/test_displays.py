"""Numbers as the report of 27 October 2023 writes them, all fifty-four, and the rules behind them."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from cli.city.checking import check
from gateway.reports.displays import chinese, display, word

JINZHONG = Path(__file__).resolve().parents[3] / "cities" / "jinzhong"

#: Number of the figure → a value that records could have, how it is written, and the words of the report it stands in.
EXPECTED: dict[str, tuple[int | float | Decimal, str, str]] = {
    "F01": (3, "3次", "与各高校开展3次座谈交流"),
    "F02": (2, "2次", "2次组织大学城学子参观"),
    "F03": (59, "59所", "新签约对接合作高校59所"),
    "F04": (69, "69个", "达成合作项目69个"),
    "F05": (12, "12大基地", "“12大基地”"),
    "F06": (82, "82个", "新增省校合作“12大基地”82个"),
    "F07": (3631, "3631人次", "接收实习实训大学生3631人次"),
    "F08": (23114, "23114人次", "接收红色研学师生23114人次"),
    "F09": (743, "740余人次", "参加实习实训大学生740余人次"),
    "F10": (10, "10所", "10所省驻地高校"),
    "F11": (23, "23名", "23名专家"),
    "F12": (1, "一项", "一项标准"),
    "F13": (2, "二个月", "二个月免费"),
    "F14": (12, "十二项", "十二项服务"),
    "F15": (19, "19家", "19家孵化器和众创空间"),
    "F16": (135, "135场次", "创新创业活动135场次"),
    "F17": (276, "276个", "服务创业团队和初创企业276个"),
    "F18": (48_371_200, "48万余元", "减免房租48万余元"),
    "F19": (76, "76场次", "开展创业教育培训76场次"),
    "F20": (599, "599人次", "培训创业团队和初创企业人员599人次"),
    "F21": (1056, "1056人", "入驻的初创企业吸纳就业1056人"),
    "F22": (116, "116人", "其中应届大学毕业生116人"),
    "F23": (217, "200余家", "200余家用人单位"),
    "F24": (5312, "5000余个", "提供就业岗位5000余个"),
    "F25": (3349, "3349人", "达成就业意向3349人"),
    "F26": (312, "近300余家", "近300余家企业"),
    "F27": (6040, "6000余个", "提供6000余个就业岗位"),
    "F28": (3580, "近3600名", "近3600名学生咨询"),
    "F29": (987, "近千人", "初步达成就业意向人数近千人"),
    "F30": (72, "72个", "引入高质量双创项目和新兴产业项目72个"),
    "F31": (51, "51场", "承办各类创新创业活动51场"),
    "F32": (39, "39户", "39户企业建立产学研合作基地"),
    "F33": (3, "3个", "3个创新领军团队"),
    "F34": (16, "16项", "16项先进技术、产品落地"),
    "F35": (4, "4号", "山西智创城4号基地"),
    "F36": (72, "72个", "山西智创城4号基地引入高质量双创项目和新兴产业项目72个"),
    "F37": (154, "154项", "拥有知识产权154项"),
    "F38": (51, "51场", "拥有知识产权154项，承办各类创新创业活动51场"),
    "F39": (2, "2家", "创建国家级众创空间和国家级孵化器2家"),
    "F40": (27_800, "2.78万平米", "面积2.78万平米"),
    "F41": (254, "254家", "入驻企业254家"),
    "F42": (105, "105名", "社工专业105名学生"),
    "F43": (10, "十大", "十大专项行动"),
    "F44": (5, "五年", "毕业五年内"),
    "F45": (40, "40家", "40家景区"),
    "F46": (19, "19所", "19所驻地高校"),
    "F47": (306, "300余", "300余高中生"),
    "F48": (15, "15分钟", "15分钟健身圈"),
    "F49": (4, "四个", "四个项目"),
    "F50": (4, "4场次", "婚恋活动4场次"),
    "F51": (38, "38位", "38位青年牵手成功"),
    "F52": (12, "12支", "12支家庭教育志愿服务团队"),
    "F53": (189, "189名", "在档志愿者189名"),
    "F54": (67, "60余场", "公益讲座60余场"),
}


def test_every_figure_of_the_pack_is_written_as_the_report_writes_it() -> None:
    definitions = {one["number"]: one for _, _, one in check(JINZHONG)[0].each("figures")}
    assert definitions.keys() == EXPECTED.keys()
    written = {number: display(EXPECTED[number][0], one) for number, one in definitions.items()}
    assert written == {number: expected for number, (_, expected, _) in EXPECTED.items()}
    assert [number for number, (_, expected, quote) in EXPECTED.items() if expected not in quote.replace(" ", "")] == []


def written(value: int | float, **how: Any) -> str:
    unit, classifier = how.pop("unit", "record"), how.pop("classifier", "个")
    plain = {"qualifier": "exact", "grain": None, "scale": None, "decimals": 0, "numerals": "digits"}
    return display(value, {"unit": unit, "classifier": classifier, "display": plain | how})


@pytest.mark.parametrize(
    ("value", "how", "expected"),
    [
        (200, {"qualifier": "floor", "grain": 100}, "200个"),
        (199, {"qualifier": "floor", "grain": 100}, "100余个"),
        (5, {"qualifier": "floor", "grain": 100}, "5个"),
        (0, {"qualifier": "floor", "grain": 100}, "0个"),
        (3600, {"qualifier": "ceiling", "grain": 100}, "3600个"),
        (3501, {"qualifier": "ceiling", "grain": 100}, "近3600个"),
        (403, {"qualifier": "ceiling", "grain": 1000}, "403个"),
        (288, {"qualifier": "near_floor", "grain": 100}, "近300余个"),
        (300, {"qualifier": "near_floor", "grain": 100}, "300个"),
        (3000, {"qualifier": "ceiling", "grain": 1000, "numerals": "words"}, "三千个"),
        (9_400, {"qualifier": "ceiling", "grain": 10_000, "numerals": "words"}, "近万个"),
        (48_000_000, {"qualifier": "floor", "grain": 1_000_000, "scale": "万", "unit": "fen"}, "48万个"),
        (27_000, {"scale": "万", "decimals": 2}, "2.7万个"),
        (120_000_000, {"scale": "亿", "decimals": 1}, "1.2亿个"),
        (20_000, {"scale": "万", "numerals": "chinese"}, "二万个"),
        (12.5, {"decimals": 1}, "12.5个"),
        (7.0, {"numerals": "chinese"}, "七个"),
        (-3, {}, "-3个"),
    ],
)
def test_a_number_on_its_grain_says_neither_more_nor_nearly(value: float, how: dict[str, Any], expected: str) -> None:
    assert written(value, **how) == expected


def test_chinese_numerals_are_those_of_counting() -> None:
    numbers = {
        0: "零", 2: "二", 10: "十", 12: "十二", 20: "二十", 105: "一百零五", 110: "一百一十", 1001: "一千零一",
        10_005: "一万零五", 105_000: "十万五千", 100_000_005: "一亿零五", 200_300_400: "二亿零三十万零四百",
    }  # fmt: skip
    assert {number: chinese(number) for number in numbers} == numbers
    assert [word(number) for number in (100, 1000, 10_000, 15, 300)] == ["百", "千", "万", "十五", "三百"]
