"""A campaign's accounts in order: the first sends, the next when it can't; each from a sender of its own."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from worker.domain.accounts import account_name
from worker.domain.fields import Text

MOST = 5


def _as_tuple(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


def _each_once(names: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(names)) < len(names):
        raise ValueError("must name each account once")
    return names


Account = Annotated[str, AfterValidator(account_name)]
AccountList = Annotated[
    tuple[Account, ...],
    Field(max_length=MOST),
    BeforeValidator(_as_tuple),
    AfterValidator(_each_once),
]
AccountSources = dict[Account, Text]


def in_step(given: Mapping[str, object]) -> dict[str, object]:
    """Add what goes without saying where one of the fields alone is given.

    `account` is the list of one, and of a list the first.
    """
    said: dict[str, object] = {}
    if "account" in given and "accounts" not in given:
        said |= {"accounts": (), "account_sources": {}}
    listed = given.get("accounts")
    if "account" not in given and isinstance(listed, list | tuple) and listed:
        said["account"] = listed[0]
    return said | dict(given)


def fault_in(account: str, accounts: tuple[str, ...], sources: Mapping[str, str]) -> str | None:
    """Say what is wrong between the fields; None: they fit."""
    if accounts and account != accounts[0]:
        return "account: must be the first of accounts, or left out"
    stray = [name for name in sources if name not in accounts]
    if stray:
        return f"account_sources: {stray[0]} is none of accounts"
    return None
