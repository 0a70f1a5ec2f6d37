"""Mail that comes in on standard input: it came back, or it asks to be left alone."""

from collections.abc import Callable
from uuid import UUID

import pytest
from sqlalchemy import Engine, text
from typer.testing import CliRunner, Result

from tests.factories import make_attempt, make_batch, make_request, read_request, token_of
from tests.unit.providers.test_smtp_email import returned
from worker.cli.main import app
from worker.domain.statuses import AttemptState, Channel, RequestStatus

Piped = Callable[[str, bytes], Result]


@pytest.fixture
def piped(environment: dict[str, str], database_url: str) -> Piped:
    def run(command: str, mail: bytes) -> Result:
        settings = environment | {"DATABASE_URL": database_url}
        return CliRunner().invoke(app, [command], input=mail, env=settings)

    return run


@pytest.fixture
def audited() -> None:
    """A mail that comes in is a callback: it writes history, and no audit."""


def mailed(engine: Engine) -> tuple[int, UUID]:
    """A mail that was accepted; its request and its token."""
    request = make_request(engine, batch=make_batch(engine, channel=Channel.EMAIL))
    attempt = make_attempt(engine, request=request, state=AttemptState.ACCEPTED)
    token = token_of(engine, attempt)
    assert token is not None
    return request, token


def suppressed(engine: Engine) -> list[tuple[str, str]]:
    with engine.begin() as connection:
        rows = connection.execute(text("SELECT source, reason FROM suppression ORDER BY id"))
        return [(row.source, row.reason) for row in rows]


def test_a_mail_that_came_back_ends_its_request(engine: Engine, piped: Piped) -> None:
    request, token = mailed(engine)

    told = piped("bounce", returned(envelope=str(token)))

    assert (told.exit_code, told.stdout) == (0, "noted: bounce\n"), told.output
    row = read_request(engine, request)
    assert (row["request_status"], row["error_code"]) == (RequestStatus.INVALID, "5.1.1")
    assert suppressed(engine) == [("bounce", "bounced")]


@pytest.mark.parametrize(
    "subject", ["unsubscribe {}", "Unsubscribe  {} ", "=?utf-8?q?unsubscribe_{}?="]
)
def test_who_asks_by_mail_is_left_alone(engine: Engine, piped: Piped, subject: str) -> None:
    request, token = mailed(engine)

    told = piped("unsubscribe", f"Subject: {subject.format(token)}\n\n".encode())

    assert (told.exit_code, told.stdout) == (0, "suppressed\n"), told.output
    assert ("mail", "unsubscribed") in suppressed(engine)
    assert read_request(engine, request)["request_status"] == RequestStatus.COMPLETED


@pytest.mark.parametrize(
    ("command", "mail", "said"),
    [
        ("bounce", b"Subject: hello\n\nhello", "no delivery status of a mail of ours"),
        ("unsubscribe", b"Subject: out of office\n\nhello", "does not ask to be left alone"),
        ("unsubscribe", f"Subject: unsubscribe {UUID(int=7)}\n\n".encode(), "does not ask"),
        ("unsubscribe", b"Subject: unsubscribe me\n\n", "does not ask"),
        ("unsubscribe", b"\xff\x00", "does not ask"),
        ("unsubscribe", b"", "does not ask"),
    ],
)
def test_what_says_nothing_of_a_mail_of_ours_changes_nothing(
    engine: Engine, piped: Piped, command: str, mail: bytes, said: str
) -> None:
    mailed(engine)

    told = piped(command, mail)

    assert told.exit_code == 1
    assert said in told.stderr
    assert suppressed(engine) == []
