"""The command line in Chinese: a translation of each of its English texts, and of click's own few words.

A test checks that none is missing and that both languages have the same placeholders.
"""

from __future__ import annotations

from cli.city.chinese import CITY

HEADINGS = {"Usage": "用法", "Options": "选项", "Commands": "命令", "Positional arguments": "参数"}

#: Single words: headings of columns, names of values, names of kinds.
WORDS = {
    "import": "导入",
    "mode": "方式",
    "state": "状态",
    "reason": "原因",
    "total": "总行数",
    "accepted": "已接收",
    "unchanged": "无变化",
    "differs": "与已有记录不一致",
    "rejected": "未接收",
    "file form": "文件",
    "header row": "表头所在行",
    "lines": "文件行数",
    "hidden rows": "隐藏的行",
    "columns read": "读取的列",
    "not read": "未读取",
    " Rows: {rows}": " 行：{rows}",
    "created at": "提交时间",
    "file": "文件名",
    "client": "客户端",
    "department": "部门",
    "scopes": "权限范围",
    "live": "有效",
    "revoked": "已停用",
    "time": "时间",
    "subject": "对象",
    "sequence": "版本",
    "at": "时间",
    "kind": "种类",
    "what": "内容",
    "about": "相关编号",
    "rows": "行数",
    "row": "行",
    "verdict": "结果",
    "what is wrong": "问题",
    "id": "编号",
    "service": "服务",
    "died_at": "放弃时间",
    "redriven_at": "重发时间",
    "consumer": "处理程序",
    "message_id": "消息编号",
    "type": "类型",
    "body": "内容",
    "headers": "消息头",
    "attempts": "尝试次数",
    "trace_id": "追踪号",
    "queue": "队列",
    "lane": "通道",
    "messages": "消息数",
    "unacknowledged": "未确认",
    "consumers": "消费者",
    "whose": "归属",
    "platform": "平台",
    "platform, not consumed": "平台，无消费者",
    "missing": "缺失",
    "orphan": "无主",
    "foreign": "外部",
    "private": "私有",
    "http": "HTTP",
    "log": "日志",
    "rpc": "调用",
    "record": "记录",
    "event": "事件",
    "published": "已发布",
    "applied": "已处理",
    "dead": "死信",
    "redriven": "已重发",
    "message": "消息",
    "read": "已读",
    "delivery": "投递",
}

CHINESE: dict[str, str] = {
    # help
    "Youth City at the command line: rosters over HTTP for departments, databases and broker for on call.\n\n"
    "Uses the platform the environment names, else the one running in this checkout.\n"
    "Exit status: 0 done, 1 refused or failed, 2 wrongly called or not set up, 3 not reachable or busy, 130 Ctrl-C.": (
        "青年之城命令行：部门工程师报送名册，值班工程师查看数据库与消息代理。\n\n"
        "环境变量指明平台时用该平台，否则用本目录中正在运行的平台。\n"
        "退出码：0 完成，1 被拒绝或失败，2 用法有误或未配置，3 连不上或繁忙，130 Ctrl-C。"
    ),
    "Show this message and exit.": "显示本说明。",
    "Show the version and exit.": "显示版本号。",
    'Print the variables of this checkout\'s platform, for a shell: eval "$(python -m cli environment)".': (
        '输出本目录平台的环境变量，供 shell 使用：eval "$(python -m cli environment)"。'
    ),
    'Print the variables of this checkout\'s platform, for a shell: eval "$(python -m cli environment)".\n\n'
    "They hold passwords: let the shell take them, and write them nowhere.": (
        '输出本目录平台的环境变量，供 shell 使用：eval "$(python -m cli environment)"。\n\n'
        "其中有密码：只交给 shell，不要写入任何文件。"
    ),
    "Language; else YOUTHCITY_LANG, else LANG.": "语言；未指定时依次看 YOUTHCITY_LANG、LANG。",
    "One JSON object a line.": "每行输出一个 JSON 对象。",
    "Rosters and registers: send a file, see the result of each row.": "名册与台账：上传，并查看逐行结果。",
    "Send FILE (.xlsx or .csv) and follow it to its end.": "上传 FILE（.xlsx 或 .csv），等到处理结束。",
    "What the file contains: roster, or register.KEY for entries of a register.": (
        "文件内容：roster（名册），或 register.键（台账）。"
    ),
    "dry_run writes nothing; best_effort every row that holds; all_or_nothing only a file without a wrong row.": (
        "dry_run 只检查不写入；best_effort 写入所有合格的行；all_or_nothing 有一行不合格就全部不写。"
    ),
    "For a file without a column that names it.": "名册中没有单位列时，指明单位。",
    "Idempotency key; the same key never applies a file twice.": "幂等键；同一个键不会重复导入。",
    "Return when the file is accepted; do not wait for the result.": "文件被接收后即结束，不等处理完。",
    "Watch an import to its end; 0 when it is done, 1 when it was rejected or failed.": (
        "等一次导入处理结束；完成时退出码为 0，被退回或失败时为 1。"
    ),
    "Imports of this department, oldest first.": "本部门的导入，从早到晚。",
    "Only in this state.": "只看处于此状态的。",
    "The verdict on each row; what is wrong with it, without its content.": "逐行结果：错在哪里，不含行内内容。",
    "Only rows with this verdict.": "只看此结果的行。",
    "Download the roster with a remark at every wrong cell. It holds personal data: keep it as you keep the roster.": (
        "下载批注后的名册，每个出错的单元格都有说明。其中含个人信息，请与名册同样保管。"
    ),
    "Default: import-ID.xlsx": "默认为 import-ID.xlsx",
    "Overwrite a file that is there.": "覆盖已有文件。",
    "Registered clients: departments' systems that may request tokens.": "已登记的客户端：可申请令牌的部门系统。",
    "Register a client and print its secret, once.": "登记客户端，并输出其密钥（仅此一次）。",
    "The department the client speaks for.": "客户端所代表的部门。",
    "What it may do; repeatable. all: every scope of its type but clients:govern and people:all.": (
        "权限范围，可重复给出；all 表示该类型除 clients:govern 与 people:all 外的全部权限范围。"
    ),
    "What it is.": "客户端类型。",
    "A device's place or activity, by id; repeatable.": "设备所在场所或活动的编号；可重复给出。",
    "The secret ends after so many days.": "密钥的有效天数。",
    "Make a client the device of these places or activities, by their ids.": "将客户端设为这些场所或活动（按编号）的设备。",
    "Give clients of version 0.1 the scopes that replace theirs (docs/operating.md).": (
        "将 0.1 版客户端的权限范围换为新的权限范围（见 docs/operating.md）。"
    ),
    "A department that keeps what it governs; repeatable.": "保留管理权限的部门；可重复给出。",
    "Remove the old names: when no gateway of version 0.1 runs any more.": "删除旧的权限范围：须已无 0.1 版网关在运行。",
    "Do it; without this the changes are only printed.": "执行变更；不加此项只输出将作的变更。",
    "Print a further secret; the one before stays valid until the next rotation.": (
        "生成并输出新密钥；上一个密钥在下次轮换前仍然有效。"
    ),
    "Give out no more tokens; those in use end within 15 minutes.": "不再发放令牌；已发放的在 15 分钟内失效。",
    "Every client, with its department and scopes.": "全部客户端及其部门和权限范围。",
    "The city's progress report: every programme with its figures, as text.": "全市进展报告：逐项目列出指标，纯文本。",
    "As of the end of this day (YYYY-MM-DD); without it, of today.": "截至这一天结束（YYYY-MM-DD）；缺省为今天。",
    "Of this county, by its six digits (GB/T 2260); without it, of the whole city.": "某区县（GB/T 2260 六位代码）；缺省为全市。",
    "Every queue: messages, unacknowledged, consumers, lane; and which are missing, or belong to no one (orphan).": (
        "全部队列：消息数、未确认数、消费者数、通道，以及无主或缺失的队列。"
    ),
    "Messages that were given up on, of every service.": "死信：各服务放弃处理的消息。",
    "List dead letters, newest first.": "列出死信，从新到旧。",
    "Of this service alone.": "只看此服务。",
    "Of this handler, e.g. perks.on_affiliation_changed.": "只看此处理程序，如 perks.on_affiliation_changed。",
    "Of this event type, e.g. talent.affiliation.ended.v1.": "只看此事件类型，如 talent.affiliation.ended.v1。",
    "With these words in the reason, e.g. undecodable.": "原因中含有这些字，如 undecodable。",
    "Longer ago than this: 90s, 30m, 2h, 7d.": "早于此时长之前：90s、30m、2h、7d。",
    "Since then at most: 90s, 30m, 2h, 7d.": "不早于此时长之前：90s、30m、2h、7d。",
    "Those already sent again too.": "包括已重新发送的。",
    "Show one dead letter with its body.": "查看一条死信及其内容。",
    "Send dead letters to their handlers again; each is marked once the broker has confirmed it.": (
        "把死信重新发给处理程序；消息代理确认后逐条标记。"
    ),
    "All there are, without any filter.": "全部死信，不加筛选。",
    "Only print how many would be sent.": "只说明将发送多少条。",
    "What the services announce.": "各服务发布的事件。",
    "Print each event's envelope as it is published, until Ctrl-C. The platform is not affected.": (
        "逐条输出正在发布的事件的信封，直到 Ctrl-C。不影响平台。"
    ),
    "Only these, e.g. perks.# or *.affiliation.*.v1; repeatable.": (
        "只看这些类型，如 perks.# 或 *.affiliation.*.v1；可重复给出。"
    ),
    "End after so many.": "输出这么多条后结束。",
    "One timeline of ID: of a trace, a request (X-Request-Id), an event, a dead letter, an import, a message, a delivery.": (
        "按 ID 列出时间线：追踪、请求（X-Request-Id）、事件、死信、导入、消息或投递的编号。"
    ),
    "How far back: 30m, 2h, 7d.": "往前查多久：30m、2h、7d。",
    "Folder of log files.": "日志文件所在目录。",
    # sentences
    "Error: {message}": "错误：{message}",
    "What to do: {todo}": "处理办法：{todo}",
    "More: {page}": "详细说明：{page}",
    "wait {seconds} s, then type the same command again.": "请等待 {seconds} 秒，再执行同一命令。",
    "type the same command again in a minute; with the same --key nothing is applied twice.": (
        "请一分钟后再执行同一命令；--key 相同时不会重复导入。"
    ),
    "tell the operators the trace; they find the cause with `trace`.": "请将追踪号告知平台值班人员，由其用 `trace` 查明原因。",
    "correct what is named, then type the command again.": "请按上述提示更正后再执行该命令。",
    "check YOUTHCITY_CLIENT_ID and YOUTHCITY_CLIENT_SECRET; the operators make a new secret with `clients rotate`.": (
        "请检查 YOUTHCITY_CLIENT_ID 与 YOUTHCITY_CLIENT_SECRET；值班人员可用 `clients rotate` 生成新密钥。"
    ),
    "the client lacks a scope, or the record is another department's: the operators register clients and scopes.": (
        "该客户端缺少权限范围，或记录属于其他部门：客户端及其权限范围由平台值班人员登记。"
    ),
    "check the id; what belongs to other departments is not found either.": "请核对编号；其他部门的记录同样显示为不存在。",
    "look at the present state (`imports list`), then decide again.": "请先查看当前状态（`imports list`），再作决定。",
    "No platform runs in this checkout: `make up` starts one.": "本目录没有运行中的平台，启动请用 `make up`。",
    "Stopped.": "已中止。",
    "{what} is not reachable: {why}": "连不上{what}：{why}",
    "{what} refused: {why}": "{what}拒绝了请求：{why}",
    "{what} does not let us in: {why}": "{what}不允许登录：{why}",
    "{what} is not at this code's version: run its `migrate`.": "{what}与代码版本不符：请先运行其 `migrate`。",
    "The address of {what} cannot be read.": "{what}的地址无法识别。",
    "the gateway at {url}": "网关 {url}",
    "the gateway's database": "网关的数据库",
    "the database of {service}": " {service} 的数据库",
    "the broker": "消息代理",
    "no answer in time": "未及时应答",
    "no connection": "无法建立连接",
    "its certificate is not trusted": "证书不受信任",
    "the answer broke off": "应答中断",
    "HTTP status {status}": "HTTP 状态码 {status}",
    "The gateway does not know this client, or its secret is wrong.": "网关不认识这个客户端，或密钥有误。",
    "This is a mistake of ours: {why}. With YOUTHCITY_DEBUG=1 the traceback is shown.": (
        "程序内部错误：{why}。设置 YOUTHCITY_DEBUG=1 可查看详细信息。"
    ),
    "Set {name} or {name}_FILE, or start the platform of this checkout: `make up`.": (
        "请设置 {name} 或 {name}_FILE，或用 `make up` 启动本目录的平台。"
    ),
    "{file} cannot be read: {why}": "无法读取 {file}：{why}",
    "{file} cannot be written: {why}": "无法写入 {file}：{why}",
    "{file} is there already; --force overwrites it.": "{file} 已存在；加 --force 可覆盖。",
    "{file}: {size} bytes": "{file}：{size} 字节",
    "A file may have at most {count} MiB.": "文件不能超过 {count} MiB。",
    "sending": "上传",
    "applying": "处理",
    "To try again without applying it twice: --key {key}": "再试时加上 --key {key}，不会重复导入",
    "What is wrong, row by row: imports rows {id}": "逐行查看错误：imports rows {id}",
    "The file with remarks in it: imports workbook {id}": "下载批注后的名册：imports workbook {id}",
    "Name dead letters by id or by a filter, or give --all.": "请给出死信号或筛选条件，或加 --all。",
    "There is no dead letter {id}.": "没有死信 {id}。",
    "{total} dead letters, {shown} shown": "共 {total} 条死信，显示 {shown} 条",
    "{service}: {waiting} would be sent again": "{service}：将重新发送 {waiting} 条",
    "{service}: {sent} of {waiting} sent again": "{service}：共 {waiting} 条，已重新发送 {sent} 条",
    "{count} reached no queue and stay; run `python -m chassis topology apply`.": (
        "{count} 条没有对应的队列，仍保留；请运行 `python -m chassis topology apply`。"
    ),
    "listening; Ctrl-C ends it": "正在监听；按 Ctrl-C 结束",
    "no event: {why}": "不是事件：{why}",
    "replay": "重放",
    "{queue} is missing: run `python -m chassis topology apply` first.": (
        "缺少队列 {queue}：请先运行 `python -m chassis topology apply`。"
    ),
    "Without the management API (RABBIT_API), unacknowledged messages and orphans are unknown.": (
        "未设置管理接口 RABBIT_API，无法得知未确认数和无主队列。"
    ),
    "Nothing is known of {id} since {since}.": "自 {since} 以来没有 {id} 的任何记录。",
    # headings, and names of kinds
    **WORDS,
    **CITY,
}

#: click's messages about a wrong call → the same in Chinese.
CLICK = {
    r"No such option '?([^'\s.]+)'?\.(.*)": "没有选项 {0}。",
    r"No such command '([^']+)'\.(.*)": "没有命令 {0}。",
    r"Missing argument '([^']+)'\.(.*)": "缺少参数 {0}。",
    r"Missing option '([^']+)'\.(.*)": "缺少选项 {0}。",
    r"Missing command\.": "缺少命令。",
    r"Option '([^']+)' requires an argument\.": "选项 {0} 需要一个值。",
    r"Invalid value for '([^']+)': (.*)": "{0} 的值不对：{1}",
    r"Got unexpected extra arguments? \((.*)\)": "多余的参数：{0}",
}
