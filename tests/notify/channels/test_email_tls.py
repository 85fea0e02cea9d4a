"""A password and a mail go to the mail server that proves to be it, and to no other."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID

import pytest

from services.notify import settings
from services.notify.channels import Call, Outgoing
from services.notify.channels.email import EmailChannel, SmtpSettings
from tests.support.certificates import Authority
from tests.support.proxy import Proxy
from tests.support.smtp_sink import Sink

PASSWORD = b"a-password"
MAIL = Outgoing(UUID(int=1), "zhang@example.com", "", "subject", "body", "en")


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def offering() -> Iterator[Callable[[ssl.SSLContext], Sink]]:
    """Start SMTP servers with STARTTLS."""
    made: list[Sink] = []

    def start(tls: ssl.SSLContext) -> Sink:
        made.append(Sink(tls=tls))
        return made[-1]

    yield start
    for sink in made:
        sink.close()


def sent(url: str, ca_file: Path | None) -> Call:
    channel = EmailChannel(SmtpSettings(url=url, sender="city@jinzhong.test", timeout_seconds=5, ca_file=ca_file))
    with channel.line() as line:
        (call,) = line.deliver([MAIL], until=float("inf"))
    return call


def url_of(sink: Sink, scheme: str, *, host: str = "127.0.0.1", port: int | None = None) -> str:
    return f"{scheme}://city:{PASSWORD.decode()}@{host}:{port or sink.port}"


class TestStartTls:
    def test_a_server_with_the_right_certificate_gets_password_and_mail(
        self, authority: Authority, offering: Callable[[ssl.SSLContext], Sink]
    ) -> None:
        sink = offering(authority.server_context())
        assert sent(url_of(sink, "smtp+starttls"), authority.ca_file).outcome == "accepted"
        assert (sink.logins, len(sink.mails)) == ([PASSWORD], 1)

    def test_a_server_whose_certificate_nobody_knows_gets_neither(
        self, authority: Authority, offering: Callable[[ssl.SSLContext], Sink], tmp_path: Path
    ) -> None:
        """A self-signed one was once accepted, and the password sent."""
        stranger = Authority(tmp_path)
        sink = offering(stranger.server_context())
        for ca_file in (authority.ca_file, None):
            call = sent(url_of(sink, "smtp+starttls"), ca_file)
            assert (call.outcome, call.reason) == ("postponed", "smtp_certificate_not_accepted")
        assert (sink.logins, sink.mails) == ([], [])

    def test_a_certificate_of_another_host_is_none(
        self, authority: Authority, offering: Callable[[ssl.SSLContext], Sink]
    ) -> None:
        sink = offering(authority.server_context("mail.example"))
        call = sent(url_of(sink, "smtp+starttls"), authority.ca_file)
        assert (call.outcome, call.reason) == ("postponed", "smtp_certificate_not_accepted")
        assert sink.logins == []

    def test_a_server_that_no_longer_offers_it_gets_nothing(self, authority: Authority, sink: Sink) -> None:
        """As it looks when somebody on the way strikes out the offer."""
        call = sent(url_of(sink, "smtp+starttls"), authority.ca_file)
        assert (call.outcome, call.reason) == ("postponed", "smtp_without_tls")
        assert (sink.logins, sink.mails) == ([], [])


class TestSmtps:
    def test_the_certificate_decides(self, authority: Authority, sink: Sink, tmp_path: Path) -> None:
        for issuer, outcome, logins in ((Authority(tmp_path), "postponed", 0), (authority, "accepted", 1)):
            before = Proxy("127.0.0.1", sink.port, tls=issuer.server_context())
            call = sent(url_of(sink, "smtps", port=before.port), authority.ca_file)
            before.close()
            assert (call.outcome, len(sink.logins)) == (outcome, logins)


class TestInTheClear:
    def test_a_password_goes_to_no_other_machine(self) -> None:
        """192.0.2.1 is nobody's: had it been called, the reason would be another one."""
        call = sent(f"smtp://city:{PASSWORD.decode()}@192.0.2.1:25", None)
        assert (call.outcome, call.reason) == ("postponed", "smtp_password_in_the_clear")

    def test_it_goes_to_a_server_on_this_machine(self, sink: Sink) -> None:
        assert sent(url_of(sink, "smtp"), None).outcome == "accepted"
        assert sink.logins == [PASSWORD]


class TestSettings:
    @pytest.fixture(autouse=True)
    def _with_a_server(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("NOTIFY_SMTP_URL", "smtps://mail.test:465")
        monkeypatch.setenv("NOTIFY_SMTP_FROM", "city@jinzhong.test")

    def test_an_authority_of_ones_own_is_a_file_and_an_empty_one_stands_for_the_systems(
        self, authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        empty = tmp_path / "empty"
        empty.touch()
        for path, expected in ((authority.ca_file, authority.ca_file), (empty, None)):
            monkeypatch.setenv("NOTIFY_SMTP_CA_FILE", str(path))
            found = settings.load().smtp
            assert found is not None and found.ca_file == expected

    def test_a_file_that_is_not_there_or_holds_no_certificate_ends_the_start(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "wrong").write_text("no certificate")
        for name in ("wrong", "missing"):
            monkeypatch.setenv("NOTIFY_SMTP_CA_FILE", str(tmp_path / name))
            with pytest.raises(RuntimeError, match="NOTIFY_SMTP_CA_FILE"):
                settings.load()
