"""What each environment variable means, in English and Chinese, and its unit where the name does not say it (``settings_page``).

The names, types and defaults are read from the code; a variable without a line here, and a line without a variable, fail a test.
"""

from __future__ import annotations

from typing import NamedTuple


class Words(NamedTuple):
    """One sentence in both languages."""

    en: str
    zh: str
    unit: str = ""


WORDS: dict[str, Words] = {
    # the chassis
    "AMQP_URI": Words(
        "The broker; several addresses with “;” between them for a cluster.",
        "消息服务器的地址；集群写多个，用“;”分隔。",
    ),
    "RETRY_DELAYS": Words(
        "The pauses before a failed event is tried again, a queue each.",
        "事件处理失败后各次重试的间隔，每档一个队列。",
        "seconds",
    ),
    "QUORUM_REQUESTS": Words(
        "Request queues are quorum queues, for a broker cluster.", "请求队列使用仲裁队列，用于集群。"
    ),
    "<SERVICE>_DATABASE_URL": Words(
        "The service's PostgreSQL database, as the role that runs.", "服务的 PostgreSQL 数据库，以运行角色登录。"
    ),
    "<SERVICE>_MIGRATION_DATABASE_URL": Words(
        "The same as the schema's owner, for `migrate` alone; without it, the one above.",
        "同一数据库，以结构所有者登录，仅供 `migrate`；未设置时用上一项。",
    ),
    "<SERVICE>_AMQP_URI": Words(
        "The broker as the service's own user; without it, AMQP_URI.",
        "以服务自己的用户登录消息服务器；未设置时用 AMQP_URI。",
    ),
    "<SERVICE>_BROKER_USER": Words(
        "The broker user whose events and replies are the service's.", "哪个消息服务器用户的事件与应答算作该服务的。"
    ),
    "YOUTHCITY_ENV": Words("dev or prod; prod refuses demo keys.", "dev 或 prod；prod 拒绝演示密钥。"),
    "KEY_DIR": Words("The folder of the key files.", "密钥文件所在目录。"),
    "GATEWAY_BROKER_USER": Words(
        "The broker users whose word about the caller is believed.", "哪些消息服务器用户所说的调用方身份可信。"
    ),
    "REQUIRE_EVENT_SENDER": Words(
        "Lay aside events that name no sender; off only while relays of an older version publish.",
        "搁置未注明发送者的事件；仅在旧版发布进程仍运行时关闭。",
    ),
    "<SERVICE>_HEALTH_HOST": Words(
        "Where /livez, /readyz and /metrics listen.", "/livez、/readyz、/metrics 的监听地址。"
    ),
    "<SERVICE>_HEALTH_PORT": Words("Their port; 0 is any free port.", "其端口；0 为任意空闲端口。"),
    "<SERVICE>_RPC_WORKERS": Words(
        "Workers, and database connections, that answer requests.", "应答请求的工作者数，也是数据库连接数。"
    ),
    "<SERVICE>_EVENTS_WORKERS": Words("The same for events.", "处理事件的工作者数。"),
    "<SERVICE>_TIMERS_WORKERS": Words("The same for work that is due.", "处理到期工作的工作者数。"),
    "GRACE_SECONDS": Words("How long a process may take to end.", "进程结束前最多等待的时间。"),
    "STATEMENT_TIMEOUT_SECONDS": Words("The longest single SQL statement.", "单条 SQL 语句的最长时间。"),
    "CHECK_EVENTS": Words(
        "Check every value of an event against its schema before it is written; for tests.",
        "写入事件前按其结构检查每个值；供测试使用。",
    ),
    "CLOCK_AHEAD_SECONDS": Words(
        "Live that far in the future, to try out what a date brings; in dev alone.",
        "将时钟拨快，以试验未来日期；仅限 dev。",
    ),
    "PRIVATE_HOSTS": Words(
        "Hosts reached over a network that is nobody else's; of others a process in prod warns without TLS.",
        "经专用网络到达的主机；到其他主机未用 TLS 时，prod 进程会告警。",
    ),
    "AUDIT_MONTHS": Words("Whole months the audit is kept, never less than six.", "审计保留的整月数，至少六个月。"),
    # imports
    "TALENT_IMPORT_MAX_BYTES": Words("The size of an upload.", "单个上传文件的大小上限。"),
    "TALENT_IMPORT_DAY_BYTES": Words(
        "What one client may announce within 24 hours.", "一个客户端 24 小时内可上传的总量。"
    ),
    "TALENT_IMPORT_MAX_ROWS": Words("The rows of a file.", "一个文件的行数上限。", "rows"),
    "TALENT_IMPORT_MEMORY_BYTES": Words("The memory of the process that opens a file.", "打开文件的进程的内存上限。"),
    "TALENT_IMPORT_CPU_SECONDS": Words("The processor time it may use.", "该进程可用的 CPU 时间。"),
    "TALENT_IMPORT_WALL_SECONDS": Words("The time it may take.", "该进程可用的总时间。"),
    "TALENT_IMPORT_CHILD_USER": Words(
        "Its user and group id where talent runs as root; 65534 is nobody.",
        "talent 以 root 运行时该进程的用户与组编号；65534 为 nobody。",
    ),
    "TALENT_IMPORT_LEASE_SECONDS": Words(
        "How long a silent replica keeps an import before another takes it over.", "副本失联多久后其导入由他人接手。"
    ),
    "TALENT_IMPORT_KEEP_DAYS": Words(
        "How long imports, their verdicts and annotated workbooks are kept.",
        "导入记录、逐行结果与批注工作簿的保留时间。",
    ),
    # talent, events, perks
    "TALENT_LAPSE_CHECK_SECONDS": Words(
        "How often affiliations whose period has run out are ended.", "多久检查一次到期的身份关系。"
    ),
    "TALENT_EXPIRY_CHECK_SECONDS": Words(
        "How often entries of registers that expire soon are looked for.", "多久检查一次即将到期的台账记录。"
    ),
    "TALENT_EXPIRY_REMINDER_DAYS": Words(
        "How many days before it expires an entry is announced.", "台账记录到期前多少天提醒。"
    ),
    "EVENTS_SCAN_DAYS": Words("How old a scan may be when it is sent.", "扫码记录最迟多久内补传。"),
    "EVENTS_SCAN_AHEAD_MINUTES": Words("How far a scanner's clock may run ahead.", "扫码设备时钟最多可快多少。"),
    "EVENTS_DOORS_HOURS": Words("How long before a session its doors open.", "场次开始前多久可以入场。"),
    "EVENTS_WAITING_LIST_SECONDS": Words(
        "How often lapsed offers, free seats and activities called off are looked for.",
        "多久检查一次过期的候补邀请、空位和取消的活动。",
    ),
    "EVENTS_MERGE_SECONDS": Words(
        "How often registrations that a merge of people missed are looked for.", "多久检查一次人员合并时遗漏的报名。"
    ),
    "PERKS_PASS_DAYS": Words("How long a department's card can be shown.", "部门所发卡的有效时间。"),
    "PERKS_PASS_MINUTES": Words("How long a pass drawn by a channel can be shown.", "渠道所出示凭证的有效时间。"),
    "PERKS_SCAN_DAYS": Words("How old a scan may be when it is sent.", "扫码记录最迟多久内补传。"),
    "PERKS_SCAN_AHEAD_MINUTES": Words("How far a scanner's clock may run ahead.", "扫码设备时钟最多可快多少。"),
    "PERKS_EVALUATION_SECONDS": Words("How often due evaluations are looked for.", "多久检查一次待办的资格评估。"),
    # notify
    "NOTIFY_SMTP_URL": Words(
        "The mail server: smtp+starttls://…, smtps://… or smtp://…; without it no mail is sent.",
        "邮件服务器：smtp+starttls://…、smtps://… 或 smtp://…；未设置则不发邮件。",
    ),
    "NOTIFY_SMTP_CA_FILE": Words(
        "The CA of its certificate, where it is none of the system's.", "其证书的 CA 文件；系统已信任时不需要。"
    ),
    "NOTIFY_SMTP_FROM": Words("The address mails come from, with a name if wanted.", "发件地址，可带名称。"),
    "NOTIFY_SMTP_TIMEOUT_SECONDS": Words("The longest wait for one reply.", "等待单次应答的最长时间。"),
    "NOTIFY_SMTP_CONNECTIONS": Words("Connections of one round.", "每轮使用的连接数。", "connections"),
    "NOTIFY_BATCH": Words("Deliveries of one round.", "每轮投递数。", "deliveries"),
    "NOTIFY_CHUNK": Words(
        "Handed over together: what a killed process leaves of unknown outcome per connection.",
        "一次交出的投递数，即进程被杀时每个连接结果未知的数量。",
        "deliveries",
    ),
    "NOTIFY_SEND_SECONDS": Words("How often due deliveries are looked for.", "多久检查一次到期的投递。"),
    "NOTIFY_RESCUE_SECONDS": Words("How often stuck deliveries are looked for.", "多久检查一次卡住的投递。"),
    "NOTIFY_ROUND_SECONDS": Words("No call is begun later in a round.", "一轮中超过此时间不再发起新的投递。"),
    "NOTIFY_LEASE_SECONDS": Words("How long a delivery is held by a process.", "一个进程占有投递的最长时间。"),
    "NOTIFY_PAUSE_SECONDS": Words("How long a delivery waits that could not be begun.", "未能发起的投递等待多久再试。"),
    "NOTIFY_BACK_OFF": Words(
        "The pause after each postponed call; after the last the delivery has failed.",
        "每次推迟后的等待时间；用完即为失败。",
        "seconds",
    ),
    "NOTIFY_QUIET_HOURS": Words(
        "When people who have set none get no messages, in Shanghai; empty for never.",
        "未自行设置者的免打扰时段（北京时间）；留空为无。",
        "from-until",
    ),
    # the gateway
    "GATEWAY_DATABASE_URL": Words("Its database, as the role that runs.", "网关的数据库，以运行角色登录。"),
    "GATEWAY_MIGRATION_DATABASE_URL": Words(
        "The same as the schema's owner, for `migrate` alone; without it, the one above.",
        "同一数据库，以结构所有者登录，仅供 `migrate`；未设置时用上一项。",
    ),
    "GATEWAY_AMQP_URI": Words(
        "The broker as the gateway's own user; without it, AMQP_URI.",
        "以网关自己的用户登录消息服务器；未设置时用 AMQP_URI。",
    ),
    "GATEWAY_BIND": Words(
        "Where clients come in: host:port, or unix:path.", "面向客户端的监听地址：主机:端口，或 unix:路径。"
    ),
    "GATEWAY_PUBLIC_URL": Words(
        "The address clients use; issuer and audience of tokens; without it, http:// and GATEWAY_BIND.",
        "客户端使用的地址，也是令牌的签发者与受众；未设置时为 http:// 加 GATEWAY_BIND。",
    ),
    "GATEWAY_WORKERS": Words("Worker processes.", "工作进程数。", "processes"),
    "GATEWAY_CONNECTIONS": Words(
        "Open connections of a worker; beyond them the one waited for longest is closed.",
        "每个工作进程的连接数；超出时关闭等待最久的一个。",
        "connections",
    ),
    "GATEWAY_CALL_SECONDS": Words("How long one call to a service may take.", "调用一次服务的最长时间。"),
    "GATEWAY_HEALTH_HOST": Words(
        "Where /livez, /readyz and /metrics listen.", "/livez、/readyz、/metrics 的监听地址。"
    ),
    "GATEWAY_HEALTH_PORT": Words("Their port; 0 is any free port.", "其端口；0 为任意空闲端口。"),
    "GATEWAY_TRUSTED_PROXIES": Words(
        "How many proxies stand before it and name the client in X-Forwarded-For.",
        "前面有几层代理在 X-Forwarded-For 中注明客户端。",
        "proxies",
    ),
    "GATEWAY_RATE_CLIENT": Words(
        "Requests of one client; empty for no limit.", "单个客户端的请求数；留空为不限。", "requests/time"
    ),
    "GATEWAY_RATE_IMPORTS": Words(
        "Files of one client; empty for no limit.", "单个客户端的文件数；留空为不限。", "files/time"
    ),
    "GATEWAY_RATE_CREDENTIALS": Words(
        "Wrong secrets for one client id from one address.", "同一地址对同一客户端编号的错误密钥数。", "failures/time"
    ),
    "GATEWAY_RATE_ADDRESS": Words(
        "Wrong secrets and wrong tokens from one address.", "同一地址的错误密钥与错误令牌数。", "failures/time"
    ),
    "GATEWAY_RATE_STORE": Words(
        "redis://…, where all workers of all gateways count together; without it each counts for itself.",
        "redis://…，所有网关的工作进程合并计数；未设置时各自计数。",
    ),
    "PROMETHEUS_MULTIPROC_DIR": Words(
        "A folder where several workers of the gateway join their metrics.", "网关多个工作进程合并指标所用的目录。"
    ),
    # the command line
    "YOUTHCITY_URL": Words("The gateway `imports` uses.", "`imports` 使用的网关地址。"),
    "YOUTHCITY_CLIENT_ID": Words("The client it logs in as.", "登录所用的客户端编号。"),
    "YOUTHCITY_CLIENT_SECRET": Words("That client's secret.", "该客户端的密钥。"),
    "RABBIT_API": Words("The broker's management API, with a login.", "消息服务器的管理接口，含登录名与密码。"),
    "YOUTHCITY_LOGS": Words("A folder of log files, for `trace`.", "日志文件目录，供 `trace` 使用。"),
    "YOUTHCITY_LANG": Words("zh or en; without it, the locale.", "zh 或 en；未设置时按系统语言。"),
    "YOUTHCITY_DEBUG": Words("Show the traceback of a fault of ours.", "程序内部错误时显示详细信息。"),
    # make run
    "DATABASE_URL": Words(
        "A PostgreSQL server of yours instead of the private one.", "使用已有的 PostgreSQL 服务器，不另建私有的。"
    ),
    "GATEWAY_PORT": Words(
        "The gateway's port on this machine; without it, one is chosen.", "网关在本机的端口；未设置时自动选择。"
    ),
    "PROCESSES_<SERVICE>": Words(
        "How many processes of the service `make up` starts; `make scale` changes it later.",
        "`make up` 启动该服务的进程数；之后可用 `make scale` 调整。",
        "processes",
    ),
    "YOUTHCITY_START_SECONDS": Words(
        "How long a start may take; more on a slow machine.", "启动最多等待的时间；机器慢时可加大。"
    ),
}
