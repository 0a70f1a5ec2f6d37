"""The sandbox's mail server fails in every way, and the adapter says of each what is known."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import uuid4

import pytest

from tests.fixtures.sandbox import ACCOUNT_SID, API_KEY, AUTH_TOKEN, Sandbox
from tests.integration.providers.connected import MAIL, PUBLIC_URL, ticket
from tests.sessions import eventually
from worker.domain.evidence.answers import (
    Accepted,
    Answer,
    Halt,
    NotSent,
    Refused,
    Throttled,
    Unknown,
)
from worker.local.ports import free_port
from worker.providers import Moment
from worker.providers.connected import connect
from worker.providers.smtp_connections import MailServer

# What is known after the first try, and how many mails were taken by then.
FIRST: dict[str, tuple[type[Answer], int]] = {
    "delivered": (Accepted, 1),
    "invalid": (Refused, 0),
    "slow": (Accepted, 1),
    "early": (Accepted, 1),
    "throttled": (Throttled, 0),
    "redirect": (Refused, 0),
    "timeout": (Unknown, 0),
    "cut": (Unknown, 0),
    "error": (NotSent, 0),
    "accepted-then-timeout": (Unknown, 1),
    "cut-accepted": (Unknown, 1),
    "error-accepted": (Unknown, 1),
    "truncated": (Unknown, 1),
    "garbage": (Unknown, 1),
}


@dataclass(frozen=True)
class Post:
    """A running sandbox with its mail server."""

    sandbox: Sandbox
    port: int
    ca_file: Path

    def placed(self, mailbox: str) -> Answer:
        async def scenario() -> Answer:
            providers = connect(
                twilio_api_url=self.sandbox.url,
                twilio_account_sid=ACCOUNT_SID,
                twilio_auth_token=AUTH_TOKEN,
                sendgrid_api_url=self.sandbox.url,
                sendgrid_api_key=API_KEY,
                public_url=PUBLIC_URL,
                connect_timeout=5,
                read_timeout=1.5,
                limit=2,
                mail_server=MailServer("127.0.0.1", self.port, "outreach", API_KEY, self.ca_file),
            )
            sent = replace(ticket(MAIL), address=mailbox, token=uuid4())
            try:
                return await providers.email.place(sent, deadline=Moment.now().later(60))
            finally:
                await providers.close()

        return asyncio.run(scenario())


@pytest.fixture(scope="module")
def post(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Post]:
    folder = tmp_path_factory.mktemp("post")
    port, smtp_port = free_port(), free_port()
    environment = {
        "SANDBOX_PORT": str(port),
        "SANDBOX_ACCOUNT_SID": ACCOUNT_SID,
        "SANDBOX_AUTH_TOKEN": AUTH_TOKEN,
        "SANDBOX_API_KEY": API_KEY,
        "SANDBOX_SMTP_PORT": str(smtp_port),
        "SANDBOX_SMTP_CERTIFICATE": str(folder / "trusted.pem"),
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "worker.sandbox"],
        env={**os.environ, **environment},
        cwd=Path(__file__).parents[3],
        stdout=subprocess.DEVNULL,
    )
    made = Post(Sandbox(f"http://127.0.0.1:{port}", ""), smtp_port, folder / "trusted.pem")
    try:
        eventually(lambda: _answers(made.sandbox), 20)
        yield made
    finally:
        process.terminate()
        process.wait(30)


def _answers(sandbox: Sandbox) -> bool:
    try:
        sandbox.summary()
    except OSError:
        return False
    return True


@pytest.mark.parametrize(("tag", "known", "taken"), [(t, *FIRST[t]) for t in FIRST], ids=FIRST)
def test_every_way_to_fail(post: Post, tag: str, known: type[Answer], taken: int) -> None:
    mailbox = f"ana+{tag}-0001@example.com"
    post.sandbox.reset()

    answer = post.placed(mailbox)

    assert isinstance(answer, known)
    assert len(post.sandbox.ledger()) == taken
    if known is NotSent:
        assert isinstance(post.placed(mailbox), Accepted)
        assert post.sandbox.summary()["contacts_per_token_max"] == 1


@pytest.mark.parametrize(
    "change", [{"suspended": True}, {"unusable_sender": True}, {"smtp_plain": True}]
)
def test_what_is_said_to_everybody_halts(post: Post, change: dict[str, bool]) -> None:
    post.sandbox.reset()
    post.sandbox.change(**change)

    answer = post.placed("ana@example.com")

    post.sandbox.change(**dict.fromkeys(change, False))
    assert isinstance(answer, Halt)
    assert post.sandbox.ledger() == []
