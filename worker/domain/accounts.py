"""Accounts at the providers, as campaigns, attempts and halts name them."""

from re import fullmatch

MAIN = "main"
"""The one that the settings themselves describe."""
NAME = r"[a-z0-9][a-z0-9-]{0,29}"


def account_name(value: str) -> str:
    """The name of an account.

    Raises:
        ValueError: it is none.
    """
    if not fullmatch(NAME, value):
        raise ValueError(
            "must be up to 30 small letters, digits and hyphens, like the name of an account"
        )
    return value


def source_key(channel: str, account: str, source: str) -> str:
    """The key under which a source of an account rests."""
    return f"{channel}@{account}:{source}"


def split_source_key(key: str) -> tuple[str, str, str]:
    """The channel, the account and the source of such a key; empty where it lacks one."""
    head, _, source = key.partition(":")
    return *split_key(head), source


def campaign_of(key: str) -> str:
    """The id of the campaign that a halt's key names, for all its accounts or one."""
    return key.partition("@")[0]


def split_key(key: str) -> tuple[str, str]:
    """The channel and the account of a halt's key; for a whole channel the main account answers."""
    channel, _, account = key.partition("@")
    return channel, account or MAIN
