"""The environment of notify beyond what every service reads (``chassis.ground.settings``)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from email.utils import parseaddr
from pathlib import Path
from urllib.parse import urlsplit

from environs import Env

from chassis.ground import tls
from contracts.talent.contacts import MAX_PEOPLE
from services.notify.channels.email import SCHEMES, SmtpSettings
from services.notify.deliveries.sending import Pace
from services.notify.preferences.rules import QuietHours


@dataclass(frozen=True)
class NotifySettings:
    """What notify reads for itself."""

    smtp: SmtpSettings | None
    """None: the e-mail channel is off."""
    pace: Pace
    send_seconds: float
    """How often due deliveries are looked for."""
    rescue_seconds: float
    """How often stuck ones are."""


def load() -> NotifySettings:
    """Read the environment; raises RuntimeError for what cannot work.

    * NOTIFY_SMTP_URL (file): smtp://user:password@host:port, smtp+starttls://… or smtps://…; without it no e-mail is sent.
      Certificates are verified; a user and a password for another machine are sent by the last two alone.
    * NOTIFY_SMTP_CA_FILE: the CA of the mail server's certificate, where it is none of the system's; an empty file is none.
    * NOTIFY_SMTP_FROM: the address mails come from, with a name if wanted.
    * NOTIFY_SMTP_TIMEOUT_SECONDS 10: longest wait for one reply. NOTIFY_SMTP_CONNECTIONS 4: connections of one round.
    * NOTIFY_BATCH 400: deliveries of one round.
    * NOTIFY_CHUNK 20: handed over together, what a killed process leaves of unknown outcome per connection.
    * NOTIFY_SEND_SECONDS 0.25, NOTIFY_RESCUE_SECONDS 5: how often what is due, and what is stuck, is looked for.
    * NOTIFY_ROUND_SECONDS 15: no call is begun later in a round. NOTIFY_LEASE_SECONDS 120: held no longer.
    * NOTIFY_PAUSE_SECONDS 5: what could not be begun waits so long (talent away, provider not reached).
    * NOTIFY_BACK_OFF "60,300,1800,7200,28800": seconds after each postponed call; after the last it has failed.
    * NOTIFY_QUIET_HOURS "22:00-08:00" in Shanghai, for people who have set none; empty for none.
    """
    env = Env()
    return NotifySettings(
        smtp=_smtp(env),
        pace=_pace(env),
        send_seconds=env.float("NOTIFY_SEND_SECONDS", 0.25),
        rescue_seconds=env.float("NOTIFY_RESCUE_SECONDS", 5.0),
    )


def _pace(env: Env) -> Pace:
    back_off = env.list("NOTIFY_BACK_OFF", [60.0, 300.0, 1800.0, 7200.0, 28800.0], subcast=float)
    pace = Pace(
        batch=min(env.int("NOTIFY_BATCH", 400), MAX_PEOPLE),
        chunk=env.int("NOTIFY_CHUNK", 20),
        connections=env.int("NOTIFY_SMTP_CONNECTIONS", 4),
        round_seconds=env.float("NOTIFY_ROUND_SECONDS", 15.0),
        lease=dt.timedelta(seconds=env.float("NOTIFY_LEASE_SECONDS", 120.0)),
        pause=dt.timedelta(seconds=env.float("NOTIFY_PAUSE_SECONDS", 5.0)),
        back_off=[dt.timedelta(seconds=seconds) for seconds in back_off],
        quiet_hours=_quiet_hours(env.str("NOTIFY_QUIET_HOURS", "22:00-08:00")),
    )
    if pace.lease.total_seconds() <= pace.round_seconds:
        raise RuntimeError("NOTIFY_LEASE_SECONDS must be longer than NOTIFY_ROUND_SECONDS")
    return pace


def _smtp(env: Env) -> SmtpSettings | None:
    path = env.str("NOTIFY_SMTP_URL_FILE", "")
    url = Path(path).read_text().strip() if path else env.str("NOTIFY_SMTP_URL", "")
    if not url:
        return None
    if urlsplit(url).scheme not in SCHEMES:
        raise RuntimeError(f"NOTIFY_SMTP_URL must begin with one of {', '.join(SCHEMES)}")
    sender = env.str("NOTIFY_SMTP_FROM", "")
    address = parseaddr(sender)[1]
    if "@" not in address or not address.isascii():
        raise RuntimeError(
            "set NOTIFY_SMTP_FROM to the address mails come from: city@example.cn or 青年之城 <city@example.cn>"
        )
    seconds = env.float("NOTIFY_SMTP_TIMEOUT_SECONDS", 10.0)
    return SmtpSettings(url=url, sender=sender, timeout_seconds=seconds, ca_file=_ca_file(env))


def _ca_file(env: Env) -> Path | None:
    written = env.str("NOTIFY_SMTP_CA_FILE", "")
    if not written:
        return None
    path = Path(written)
    try:
        if not path.read_text().strip():
            return None
        tls.verifying(path)
    except (OSError, UnicodeDecodeError) as error:
        raise RuntimeError(f"NOTIFY_SMTP_CA_FILE: {path} is not a file of certificates (PEM): {error}") from None
    return path


def _quiet_hours(written: str) -> QuietHours | None:
    if not written:
        return None
    from_time, _, until_time = written.partition("-")
    return QuietHours.parse(from_time, until_time)
