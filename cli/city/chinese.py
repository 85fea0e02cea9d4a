"""The texts of ``city`` in Chinese; part of the dictionary of the command line."""

from __future__ import annotations

_WORDS = {
    "action": "操作",
    "key": "键",
    "differing": "不同之处",
    "file": "文件",
    "mechanism": "机制",
    "keys": "键",
    "create": "新建",
    "change": "变更",
    "confirm": "确认",
    "organisation": "单位",
    "organisation_set": "单位集合",
    "activity_kind": "活动类别",
    "register_kind": "台账类别",
    "affiliation_role": "身份类别",
    "fact_kind": "事实类别",
    "scheme": "政策",
    "template": "消息模板",
    "report_outline": "报告提纲",
    "programme": "项目",
}

CITY: dict[str, str] = {
    "A city's pack: its programmes, sets, schemes and messages as files.": "城市包：以文件描述的项目、单位集合、政策与消息。",
    "Read the pack in DIR and name every mistake: the file, the key, and what to write instead.": (
        "读取 DIR 中的城市包，列出全部错误：文件、键，以及应如何填写。"
    ),
    "Compare the pack in DIR with the platform; changes nothing.": "将 DIR 中的城市包与平台比较，不作任何变更。",
    "Write the pack in DIR to the platform: first what would change, then each change, on condition that nobody was faster.": (
        "将 DIR 中的城市包写入平台：先列出变更，再逐项执行；若他人已先行修改则停止。"
    ),
    "Write what the platform holds to DIR, as a pack.": "将平台现有内容写入 DIR，成为一个城市包。",
    "A pack: its files, with what the platform holds of it. Without one, all that the platform lists.": (
        "参照的城市包：沿用其文件，内容取自平台；未指定时导出平台列出的全部内容。"
    ),
    "Overwrite files that are there.": "覆盖已有文件。",
    "The pack holds: {programmes} programmes, {figures} figures.": "城市包无误：{programmes} 个项目，{figures} 项指标。",
    "The pack has {count} mistakes; nothing was sent.": "城市包有 {count} 处错误，未发送任何内容。",
    "On the platform alone, left as it is: {what} {key}": "仅平台上有，保持不变：{what} {key}",
    "Waiting for a mechanism the platform does not have yet:": "等待平台尚未建成的机制：",
    "{changes} changes; {same} things are as the pack says.": "{changes} 项变更；{same} 项已与城市包一致。",
    "Nothing to change: {same} things are as the pack says.": "无须变更：{same} 项已与城市包一致。",
    "The platform lacks {names}; apply the pack first.": "平台上没有 {names}；请先执行 apply。",
    "{code} is on the platform as {kind}; write that kind.": "{code} 在平台上登记为 {kind}；请写该类型。",
    "{folder} is not empty; --force overwrites it.": "{folder} 不是空目录；加 --force 可覆盖。",
    "{count} files are in {folder}.": "已在 {folder} 写入 {count} 个文件。",
    "Note: {line}": "说明：{line}",
    **_WORDS,
}
