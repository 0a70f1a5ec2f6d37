"""Accounts of the file, spoken to with their own keys, and with new ones once they change."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from config.settings import Settings, judge
from tests.fixtures.sandbox import Sandbox, ask
from tests.keys import PUBLIC_KEY
from worker.account_book import LOOK_EVERY, AccountBook
from worker.carriers import connect_carriers
from worker.dispatch.provider_loop import ProviderLoop
from worker.domain.consent.start_messages import Received
from worker.domain.statuses import Channel
from worker.providers import UnknownAccount

SID = "SM" + "7" * 32


@pytest.fixture
def secret(tmp_path: Path, sandbox: Sandbox) -> Path:
    file = tmp_path / "secret"
    file.write_text(sandbox.auth_token, encoding="utf-8")
    return file


@pytest.fixture
def settings(tmp_path: Path, sandbox: Sandbox, secret: Path) -> Settings:
    """The main account is refused; one beside it is the sandbox's."""
    file = tmp_path / "accounts.toml"
    file.write_text(
        f'[accounts.north]\nkind = "twilio"\naccount_sid = "{sandbox.account_sid}"\n'
        f'api_url = "{sandbox.url}"\nauth_token = {{ file = "{secret}" }}\n',
        encoding="utf-8",
    )
    return judge(
        {
            "DATABASE_URL": "postgresql://outreach@127.0.0.1/outreach",
            "BROKER_URL": "redis://127.0.0.1:6379/0",
            "TWILIO_ACCOUNT_SID": sandbox.account_sid,
            "TWILIO_AUTH_TOKEN": "refused",
            "TWILIO_API_URL": sandbox.url,
            "SENDGRID_API_KEY": "refused",
            "SENDGRID_API_URL": sandbox.url,
            "SENDGRID_WEBHOOK_KEY": PUBLIC_KEY,
            "PUBLIC_URL": "http://127.0.0.1:9",
            "FLOWER_BASIC_AUTH": "ana:a-password",
            "ACCOUNTS_FILE": str(file),
        }
    )


@pytest.fixture
def now() -> list[float]:
    return [0.0]


@pytest.fixture
def line(settings: Settings, now: list[float]) -> Iterator[ProviderLoop]:
    book = AccountBook(settings.accounts_file, clock=lambda: now[0])
    made = ProviderLoop(lambda: connect_carriers(settings, book))
    yield made
    made.close()


def test_each_account_is_spoken_to_with_its_own_keys(line: ProviderLoop) -> None:
    assert (line.answers(Channel.SMS), line.answers(Channel.SMS, "north")) == (False, True)


def test_keys_that_change_are_used_without_a_restart(
    line: ProviderLoop, now: list[float], secret: Path, sandbox: Sandbox
) -> None:
    for token, well in (("rotated-too-early", False), (sandbox.auth_token, True)):
        secret.write_text(token, encoding="utf-8")
        now[0] += LOOK_EVERY
        assert line.answers(Channel.VOICE, "north") is well


def test_an_account_carries_what_its_provider_does(line: ProviderLoop) -> None:
    assert [line.carries(channel, "north") for channel in Channel] == [True, True, False]
    assert not line.carries(Channel.SMS, "south")
    with pytest.raises(UnknownAccount):
        line.provider(Channel.EMAIL, "north")


def test_who_wrote_a_message_is_asked_of_every_account(
    line: ProviderLoop, sandbox: Sandbox
) -> None:
    said = {"url": "http://127.0.0.1:9/", "from": "+15125550140", "to": "+15125550100"}
    ask(
        f"{sandbox.url}/sandbox/inbound",
        said | {"body": "START", "sid": SID, "at": 1_764_158_400.0},
    )

    [told] = line.recall([SID])

    assert isinstance(told, Received)
    assert told.writer == "+15125550140"
