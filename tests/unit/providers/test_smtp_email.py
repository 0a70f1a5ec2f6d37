"""What a mail server's refusals mean, and what is read of mail that comes back."""

from uuid import UUID

import pytest

from worker.domain.evidence.answers import Accepted, Unknown
from worker.domain.evidence.reports import Meaning
from worker.domain.statuses import ChannelStatus, SuppressReason
from worker.providers.smtp_email import ACTIONS, read_returned
from worker.providers.smtp_replies import SmtpReply, Stage, judge

TOKEN = UUID("7f3cbb6e-3a52-4e0c-9a0e-0d9b6f6f1a11")


@pytest.mark.parametrize("stage", list(Stage))
def test_every_refusal_is_proof_whatever_its_code(stage: Stage) -> None:
    for code in range(400, 600):
        for text in ("", "5.1.1 x", "4.2.2 x", "5.7.26 x", "5.99.999 x", "no status"):
            answer = judge(stage, SmtpReply(code, text))
            assert not isinstance(answer, Accepted | Unknown), (code, text)


@pytest.mark.parametrize("text", ["5.9.1 odd", "words"])
def test_a_code_of_no_table_stays_with_the_recipient_and_is_counted(text: str) -> None:
    answer = judge(Stage.RECIPIENT, SmtpReply(559, text))

    assert getattr(answer, "is_unknown", None) is True


def returned(
    action: str = "failed",
    status: str = "5.1.1",
    envelope: str | None = str(TOKEN),
    message_id: str = "<other@example.com>",
) -> bytes:
    """As Postfix writes it."""
    envelope_line = f"Original-Envelope-Id: {envelope}\n" if envelope else ""
    return f"""From: MAILER-DAEMON@mx.example.net
To: billing@example.com
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="=_x"

--=_x
Content-Type: text/plain

I'm sorry to have to inform you.
--=_x
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net
{envelope_line}X-Postfix-Queue-ID: 4ABC

Final-Recipient: rfc822; Ana@Example.com
Original-Recipient: rfc822;ana@example.com
Action: {action}
Status: {status}
Remote-MTA: dns; mail.example.com
Diagnostic-Code: smtp; 550 5.1.1 <ana@example.com> unknown

--=_x
Content-Type: text/rfc822-headers

From: billing@example.com
Message-ID: {message_id}
Subject: Due soon

--=_x--
""".encode()


def test_a_mail_that_could_not_be_delivered_is_read() -> None:
    report = read_returned(returned())

    assert report is not None
    assert (report.token, report.name, report.code) == (TOKEN, "bounce", "5.1.1")
    assert (report.meaning, report.channel_status) == (Meaning.INVALID, ChannelStatus.BOUNCED)
    assert (report.suppress, report.identity) == (SuppressReason.BOUNCED, "ana@example.com")


@pytest.mark.parametrize(
    ("action", "status", "meaning"),
    [
        ("failed", "5.2.2", Meaning.UNDELIVERABLE),
        ("failed", "5.7.1", Meaning.UNDELIVERABLE),
        ("failed", "4.4.7", Meaning.MISSED),
        ("failed", "odd", Meaning.UNDELIVERABLE),
        ("delayed", "4.4.1", Meaning.UNDERWAY),
        ("relayed", "2.0.0", Meaning.UNDERWAY),
        ("Delivered", "2.0.0", Meaning.REACHED),
    ],
)
def test_its_status_says_whom_it_means(action: str, status: str, meaning: Meaning) -> None:
    report = read_returned(returned(action, status))

    assert report is not None
    assert report.meaning is meaning
    assert report.suppress is None


def test_a_server_that_keeps_no_envelope_id_returns_our_message_id() -> None:
    report = read_returned(returned(envelope=None, message_id=f"<{TOKEN}@outreach.example>"))

    assert report is not None
    assert report.token == TOKEN


def test_the_same_is_known_again_when_it_is_repeated() -> None:
    first, again = read_returned(returned()), read_returned(returned())

    assert first is not None
    assert first == again


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x00\xff",
        b"Subject: out of office\n\nBack on Monday",
        returned(envelope=None),
        returned(action="danced"),
        returned().replace(b"message/delivery-status", b"text/plain"),
        b"Content-Type: multipart/report; boundary=x\n\n--x\nContent-Type: message/delivery-status\n",
    ],
)
def test_what_is_no_returned_mail_of_ours_says_nothing(raw: bytes) -> None:
    assert read_returned(raw) is None


def test_every_action_of_the_standard_has_a_word() -> None:
    assert ACTIONS.keys() == {"failed", "delayed", "delivered", "relayed", "expanded"}
