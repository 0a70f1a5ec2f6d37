"""Mail by a mail server: what leaves and when, and what each failure becomes."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes, policy
from pathlib import Path
from typing import TypeVar
from uuid import UUID

import pytest
import uvloop

from tests.integration.providers.connected import (
    ACCOUNT,
    API_KEY,
    AUTH_TOKEN,
    MAIL,
    MAILBOX,
    PUBLIC_URL,
    SENDER,
    TOKEN,
    soon,
    ticket,
)
from tests.integration.providers.mail_server import CUT, EHLO, HANG, ScriptedServer
from worker.domain.content.tickets import LookupRequest, Mail
from worker.domain.evidence.answers import (
    Accepted,
    Answer,
    Halt,
    HaltScope,
    NotSent,
    Refusal,
    Refused,
    Throttled,
    Unknown,
)
from worker.domain.evidence.lookups import Undecided
from worker.domain.statuses import Channel
from worker.providers import Moment, Providers
from worker.providers.connected import connect
from worker.providers.smtp_connections import MailServer
from worker.sandbox.certificates import Certificate, make_certificate

T = TypeVar("T")
PASSWORD = "password-canary"
RUNS = pytest.mark.parametrize("run", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])


class Office:
    """A scripted server, and the provider that sends by it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.certificate: Certificate = make_certificate()
        self.ca_file = folder / "trusted.pem"
        self.ca_file.write_bytes(self.certificate.certificate)

    def server(self, *, greeting: str = "220 here", **says: str) -> ScriptedServer:
        named = {name.replace("_", "."): said for name, said in says.items()}
        return ScriptedServer(self.certificate, self.folder, named, greeting)

    def connected(self, port: int, **more: object) -> Providers:
        server = MailServer("127.0.0.1", port, "ana", PASSWORD, self.ca_file)
        return connect(
            twilio_api_url="http://127.0.0.1:1",
            twilio_account_sid=ACCOUNT,
            twilio_auth_token=AUTH_TOKEN,
            sendgrid_api_url="http://127.0.0.1:1",
            sendgrid_api_key=API_KEY,
            public_url=PUBLIC_URL,
            connect_timeout=2,
            read_timeout=0.5,
            limit=10,
            mail_server=replace(server, **more),  # type: ignore[arg-type]  # by name
        )

    def during(
        self,
        server: ScriptedServer,
        use: Callable[[Providers], Awaitable[T]],
        run: Callable[..., T] = uvloop.run,
        **more: object,
    ) -> T:
        async def scenario() -> T:
            async with server:
                providers = self.connected(server.port, **more)
                try:
                    return await use(providers)
                finally:
                    await providers.close()

        return run(scenario())

    def placed(self, server: ScriptedServer, mail: Mail = MAIL) -> Answer:
        return self.during(server, lambda p: p.email.place(ticket(mail), deadline=soon()))


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


@RUNS
def test_a_mail_on_the_wire(office: Office, run: Callable[..., Answer]) -> None:
    server = office.server()

    answer = office.during(server, lambda p: p.email.place(ticket(MAIL), deadline=soon()), run=run)

    assert answer == Accepted(f"smtp-{TOKEN}")
    assert server.encrypted == 1
    assert [line.partition(" ")[0] for line in server.heard] == [
        "EHLO", "STARTTLS", "EHLO", "AUTH", "MAIL", "RCPT", "DATA",
    ]  # fmt: skip
    assert server.heard[0] == "EHLO outreach.example"
    assert server.heard[4].startswith(f"MAIL FROM:<{SENDER}> SIZE=")
    assert server.heard[4].endswith(f"RET=HDRS ENVID={TOKEN}")
    assert server.heard[5] == f"RCPT TO:<{MAILBOX}> NOTIFY=FAILURE,DELAY"
    mail = message_from_bytes(server.mails[0].removesuffix(b".\r\n"), policy=policy.default)
    assert (mail["From"], mail["To"], mail["Subject"]) == (SENDER, MAILBOX, "Due soon")
    assert mail["Message-ID"] == f"<{TOKEN}@outreach.example>"
    assert mail["List-Unsubscribe"].strip() == f"<{PUBLIC_URL}/unsubscribe/{TOKEN}>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert [part.get_content_type() for part in mail.walk()] == [
        "multipart/alternative", "text/plain", "text/html",
    ]  # fmt: skip


def test_words_arrive_as_they_were_written(office: Office) -> None:
    server = office.server()
    text = ".\n..two\nžluťoučký kůň\n" + "long " * 400 + "\n.\nend"
    mail = Mail("Für Zoë", None, text.replace("end", "-n-"), substitutions={"-n-": "end"})

    assert isinstance(office.placed(server, mail), Accepted)

    lines = server.mails[0].removesuffix(b".\r\n").split(b"\r\n")
    assert max(map(len, lines)) < 998
    raw = b"\r\n".join(line.removeprefix(b".") for line in lines)
    read = message_from_bytes(raw, policy=policy.default)
    assert read["Subject"] == "Für Zoë"
    assert read.get_content().replace("\r\n", "\n").strip() == text


def test_ten_mails_share_a_connection_and_no_transaction(office: Office) -> None:
    server = office.server()

    async def place_ten(providers: Providers) -> list[Answer]:
        group = [replace(ticket(MAIL), token=UUID(int=n)) for n in range(10)]
        return await providers.email.place_group(group, deadline=soon())

    answers = office.during(server, place_ten)

    assert [type(one) for one in answers] == [Accepted] * 10
    assert (server.connections, len(server.mails)) == (1, 10)
    assert sum(line.startswith("RCPT") for line in server.heard) == 10


BEFORE: dict[str, tuple[dict[str, str], Answer]] = {
    "a greeting that sends us away": ({"greeting": "421 4.3.2 busy"}, Throttled(None, "smtp_421_4.3.2")),
    "no greeting": ({"greeting": CUT}, NotSent("connection_lost")),
    "a silent greeting": ({"greeting": HANG}, NotSent("connect_timeout")),
    "another protocol": ({"greeting": "SSH-2.0"}, NotSent("garbled")),
    "cut at the sender": ({"MAIL": CUT}, NotSent("connection_lost")),
    "silence at the sender": ({"MAIL": HANG}, NotSent("read_timeout")),
    "busy at the sender": ({"MAIL": "451 4.3.0 later"}, NotSent("smtp_451_4.3.0")),
    "closing at the sender": ({"MAIL": "421 4.3.2 closing"}, Throttled(None, "smtp_421_4.3.2")),
    "a full mailbox": ({"RCPT": "452 4.2.2 full"}, NotSent("smtp_452_4.2.2")),
    "a grey list": ({"RCPT": "450 4.7.1 come back"}, NotSent("smtp_450_4.7.1")),
    "cut at the recipient": ({"RCPT": CUT}, NotSent("connection_lost")),
    "garbage at the recipient": ({"RCPT": "hello"}, NotSent("garbled")),
    "a success that is none": ({"DATA": "250 taken already"}, NotSent("garbled")),
    "cut before the text": ({"DATA": CUT}, NotSent("connection_lost")),
    "silence before the text": ({"DATA": HANG}, NotSent("read_timeout")),
    "no text now": ({"DATA": "451 4.3.0 later"}, NotSent("smtp_451_4.3.0")),
    "nobody there": ({"RCPT": "550 5.1.1 nobody"}, Refused(Refusal.INVALID_TARGET, "smtp_550_5.1.1")),
    "nobody there, plainly": ({"RCPT": "550 nobody"}, Refused(Refusal.INVALID_TARGET, "smtp_550")),
    "a mailbox that is disabled": (
        {"RCPT": "550 5.2.1 off"}, Refused(Refusal.NOT_PERMITTED, "smtp_550_5.2.1"),
    ),
    "no relay": ({"RCPT": "554 5.7.1 no relay"}, Refused(Refusal.NOT_PERMITTED, "smtp_554_5.7.1")),
    "too large": ({"MAIL": "552 5.3.4 large"}, Refused(Refusal.CONTENT, "smtp_552_5.3.4")),
}  # fmt: skip


@pytest.mark.parametrize(("says", "expected"), BEFORE.values(), ids=BEFORE)
def test_whatever_comes_before_the_last_line_is_proof(
    office: Office, says: dict[str, str], expected: Answer
) -> None:
    server = office.server(**says)

    assert office.placed(server) == expected
    assert server.mails == []
    assert server.connections == 1, "asked once"


AT_THE_END: dict[str, tuple[str, Answer]] = {
    "silence": (HANG, Unknown("read_timeout")),
    "cut": (CUT, Unknown("connection_lost")),
    "half a reply": ("25\0", Unknown("read_timeout")),
    "garbage": ("<html>", Unknown("garbled")),
    "a reply of another kind": ("354 go on", Unknown("garbled")),
    "refused for now": ("451 4.3.0 later", NotSent("smtp_451_4.3.0")),
    "closing": ("421 4.3.2 closing", Throttled(None, "smtp_421_4.3.2")),
    "spam": ("554 5.7.1 spam", Refused(Refusal.CONTENT, "smtp_554_5.7.1")),
    "too large": ("552 large", Refused(Refusal.CONTENT, "smtp_552")),
    "nobody there after all": (
        "550 5.1.1 nobody", Refused(Refusal.INVALID_TARGET, "smtp_550_5.1.1"),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("said", "expected"), AT_THE_END.values(), ids=AT_THE_END)
def test_after_the_last_line_only_a_reply_is_proof(
    office: Office, said: str, expected: Answer
) -> None:
    server = office.server(_=said)

    assert office.placed(server) == expected
    assert len(server.mails) == 1, "sent once"


HALTS: dict[str, tuple[dict[str, str], HaltScope, str]] = {
    "no STARTTLS": ({"EHLO": "250-here\r\n250 AUTH PLAIN"}, HaltScope.CHANNEL, "no_starttls"),
    "no login": ({"EHLO": "250-here\r\n250 STARTTLS"}, HaltScope.CHANNEL, "no_login"),
    "a wrong login": ({"AUTH": "535 5.7.8 wrong"}, HaltScope.CHANNEL, "smtp_535_5.7.8"),
    "a login at the sender": ({"MAIL": "530 5.7.0 log in"}, HaltScope.CHANNEL, "smtp_530_5.7.0"),
    "a greeting for good": ({"greeting": "554 no"}, HaltScope.CHANNEL, "smtp_554"),
    "another's source": ({"MAIL": "550 5.7.1 not yours"}, HaltScope.CAMPAIGN, "smtp_550_5.7.1"),
}


@pytest.mark.parametrize(("says", "scope", "code"), HALTS.values(), ids=HALTS)
def test_what_would_be_said_to_everybody_halts(
    office: Office, says: dict[str, str], scope: HaltScope, code: str
) -> None:
    server = office.server(**says)

    answer = office.placed(server)

    assert isinstance(answer, Halt)
    assert (answer.scope, answer.code) == (scope, code)
    assert not any(PASSWORD in line for line in server.heard)
    assert server.mails == []


def test_nothing_of_a_mail_and_no_password_is_said_before_encryption(office: Office) -> None:
    server = office.server(EHLO=EHLO.replace("STARTTLS", "8BITMIME"))

    assert isinstance(office.placed(server), Halt)
    assert server.heard == ["EHLO outreach.example"]


def test_a_certificate_of_nobody_we_trust_ends_it(office: Office) -> None:
    office.ca_file.write_bytes(make_certificate().certificate)
    server = office.server()

    assert office.placed(server) == NotSent("tls")
    assert server.mails == []


def test_what_was_said_before_encryption_is_believed_of_nobody(office: Office) -> None:
    server = office.server(STARTTLS="220 go ahead\r\n250 injected")

    assert office.placed(server) == NotSent("garbled")


def test_a_refused_connection_is_not_sent(office: Office) -> None:
    async def scenario() -> Answer:
        async with office.server() as gone:
            pass
        providers = office.connected(gone.port)
        try:
            return await providers.email.place(ticket(MAIL), deadline=soon())
        finally:
            await providers.close()

    assert asyncio.run(scenario()) == NotSent("refused")


@RUNS
def test_past_the_deadline_the_last_line_is_not_written(
    office: Office, run: Callable[..., Answer]
) -> None:
    server = office.server()
    late = Moment.now().later(-1)

    answer = office.during(server, lambda p: p.email.place(ticket(MAIL), deadline=late), run=run)

    assert answer == NotSent("deadline")
    assert "DATA" in server.heard, "the guard stands behind the text"
    assert server.mails == []


@RUNS
def test_a_large_mail_leaves_but_for_its_last_line(
    office: Office, run: Callable[..., Answer]
) -> None:
    """Whatever the kernel holds back of the text is gone before the deadline is looked at."""
    large = Mail("Large", None, "x" * 70 + "\n" + ("y" * 70 + "\n") * 100_000)
    whole, half = office.server(), office.server()

    sent = office.during(whole, lambda p: p.email.place(ticket(large), deadline=soon()), run=run)
    late = office.during(
        half,
        lambda p: p.email.place(ticket(large), deadline=Moment.now().later(-1)),
        run=run,
    )

    assert isinstance(sent, Accepted)
    assert len(whole.mails[0]) > 7_000_000
    assert late == NotSent("deadline")
    assert half.mails == []


def test_a_connection_that_was_closed_meanwhile_is_not_used(office: Office) -> None:
    server = office.server(_="250 taken")

    async def place_twice(providers: Providers) -> list[Answer]:
        first = await providers.email.place(ticket(MAIL), deadline=soon())
        for task in list(server._tasks):
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        for _ in range(5):
            await asyncio.sleep(0.01)
        return [first, await providers.email.place(ticket(MAIL), deadline=soon())]

    answers = office.during(server, place_twice)

    assert [type(one) for one in answers] == [Accepted, Accepted]
    assert server.connections == 2


def test_no_more_connections_are_open_than_may_be(office: Office) -> None:
    server = office.server()

    async def place_many(providers: Providers) -> list[Answer]:
        placing = (providers.email.place(ticket(MAIL), deadline=soon()) for _ in range(20))
        return list(await asyncio.gather(*placing))

    answers = office.during(server, place_many, connections=3)

    assert [type(one) for one in answers] == [Accepted] * 20
    assert server.connections == 3


def test_a_template_of_sendgrids_halts_its_campaign(office: Office) -> None:
    server = office.server()

    answer = office.placed(server, Mail(None, None, None, template_id="d-1", template_data={}))

    assert isinstance(answer, Halt)
    assert (answer.scope, server.connections) == (HaltScope.CAMPAIGN, 0)


@pytest.mark.parametrize("address", ["a>\r\nRCPT TO:<b@example.com", "jürgen@example.com"])
def test_an_address_that_would_say_more_is_not_said(office: Office, address: str) -> None:
    server = office.server()
    odd = replace(ticket(MAIL), address=address)

    answer = office.during(server, lambda p: p.email.place(odd, deadline=soon()))

    assert answer == Refused(Refusal.NOT_PERMITTED, "not_ascii")
    assert server.connections == 0


def test_nothing_of_a_person_or_a_secret_leaves_the_room(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(0)
    server = office.server(RCPT=f"550 5.1.1 {MAILBOX} is nobody, {PASSWORD}")

    told = f"{office.placed(server)!r} {caplog.text}"

    for canary in (MAILBOX, "Canary", PASSWORD, str(TOKEN)):
        assert canary not in told


@pytest.mark.parametrize(("login", "answers"), [("235 welcome", True), ("535 no", False)])
def test_a_probe_goes_as_far_as_the_login(office: Office, login: str, answers: bool) -> None:
    server = office.server(AUTH=login)

    assert office.during(server, lambda p: p.email.probe()) is answers
    assert not any(line.startswith("MAIL") for line in server.heard)


def test_a_mail_can_not_be_asked_about(office: Office) -> None:
    inquiry = LookupRequest(1, TOKEN, Channel.EMAIL, None, MAILBOX, SENDER, timedelta(0))

    assert office.during(office.server(), lambda p: p.email.look_up(inquiry)) == Undecided(
        "mail_cannot_be_asked"
    )
