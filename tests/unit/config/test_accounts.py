"""The file of accounts: judged whole, without a secret in it, read again when it changes."""

import os
from pathlib import Path

import pytest

from config.accounts import AccountsError, TwilioKeys, read_accounts
from tests.keys import PUBLIC_KEY
from worker.account_book import LOOK_EVERY, AccountBook
from worker.domain.statuses import Channel

SID = "AC" + "1" * 32
NORTH = f"""
[accounts.north]
kind = "twilio"
account_sid = "{SID}"
"""


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NORTH_TOKEN", "a-token")
    (tmp_path / "secret").write_text("of-a-file\n", encoding="utf-8")
    return tmp_path / "accounts.toml"


def write(file: Path, text: str) -> Path:
    file.write_text(text, encoding="utf-8")
    return file


def test_secrets_come_from_the_environment_and_from_files(file: Path) -> None:
    secret = file.with_name("secret")
    write(
        file,
        f"""{NORTH}
        auth_token = {{ env = "NORTH_TOKEN" }}
        [accounts.letters]
        kind = "sendgrid"
        api_key = {{ file = "{secret}" }}
        webhook_key = "{PUBLIC_KEY}"
        [accounts.post]
        kind = "smtp"
        host = "mail.example.com"
        """,
    )

    found = read_accounts(file)

    north, letters = found["north"], found["letters"]
    assert isinstance(north, TwilioKeys)
    assert north.auth_tokens == ["a-token"]
    assert letters.kind == "sendgrid" and letters.api_key.get_secret_value() == "of-a-file"  # noqa: PT018
    assert found["post"].address == "smtp://mail.example.com:587"
    assert "a-token" not in repr(found)


TOKEN = 'auth_token = { env = "NORTH_TOKEN" }'
FAULTS = {
    "no TOML": ("accounts", "is no TOML"),
    "no account": ("", "must be of tables like [accounts.second]"),
    "another table": (f"{NORTH}{TOKEN}\n[limits]", "must be of tables like [accounts.second]"),
    "main": (f"{NORTH}{TOKEN}".replace("north]", "main]"), "accounts.main: it is the account of"),
    "a bad name": (f"{NORTH}{TOKEN}".replace("north]", "North]"), "accounts.North: a name is of"),
    "no kind": ("[accounts.north]", "accounts.north: kind is not set"),
    "an unknown kind": ('[accounts.north]\nkind = "fax"', "kind must be twilio, sendgrid or smtp"),
    "a key too many": (f"{NORTH}{TOKEN}\nnumber = 1", "accounts.north.number: is no key of"),
    "a key too few": (NORTH, "accounts.north.auth_token: is not set"),
    "a secret": (f'{NORTH}auth_token = "s3cr3t"', "accounts.north.auth_token: must be { env ="),
    "no variable": (f'{NORTH}auth_token = {{ env = "NO_SUCH" }}', "NO_SUCH is not set"),
    "no file": (f'{NORTH}auth_token = {{ file = "/no/such" }}', "/no/such can't be read"),
    "a bad rate": (
        f"{NORTH}{TOKEN}\nsms_per_second = -1",
        "accounts.north.sms_per_second: must be 0",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_names_account_and_key_and_quotes_no_secret(file: Path, name: str) -> None:
    text, said = FAULTS[name]

    with pytest.raises(AccountsError) as raised:
        read_accounts(write(file, text))

    assert said in str(raised.value)
    assert "s3cr3t" not in str(raised.value)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(AccountsError, match="can't be read"):
        read_accounts(tmp_path / "none.toml")


def later(file: Path) -> None:
    """A change within one tick of the file system's clock is a change, too."""
    at = file.stat().st_mtime_ns + 1_000_000
    os.utime(file, ns=(at, at))


def test_keys_are_read_again_when_a_secret_changes_and_kept_while_the_file_is_broken(
    file: Path,
) -> None:
    now, secret = 0.0, file.with_name("secret")
    write(file, f'{NORTH}auth_token = {{ file = "{secret}" }}')
    book = AccountBook(file, clock=lambda: now)
    assert book.auth_tokens_of(SID) == ["of-a-file"]

    secret.write_text("rotated", encoding="utf-8")
    later(secret)
    assert book.auth_tokens_of(SID) == ["of-a-file"]
    now += LOOK_EVERY
    assert book.auth_tokens_of(SID) == ["rotated"]

    write(file, "[accounts.north]")
    now += LOOK_EVERY
    assert book.auth_tokens_of(SID) == ["rotated"]
    assert book.rate_of("north", Channel.SMS) == 1.0


def test_without_a_file_there_is_none_beside_the_main_one() -> None:
    book = AccountBook(None)

    assert (book.current(), book.auth_tokens_of(SID), book.rate_of("north", Channel.SMS)) == (
        {},
        [],
        0,
    )
