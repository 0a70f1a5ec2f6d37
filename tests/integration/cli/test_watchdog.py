"""`outreach watchdog`: what it prints when it looks once, and why it would not begin."""

from collections.abc import Callable

import pytest
from sqlalchemy import Engine
from typer.testing import Result

from tests.factories import make_batch, make_request

Outreach = Callable[..., Result]

MISTAKES: dict[str, tuple[dict[str, str], str]] = {
    "nobody to tell": ({}, "set WATCHDOG_WEBHOOK or WATCHDOG_TELL: nobody would be told"),
    "nothing to sign with": (
        {"WATCHDOG_WEBHOOK": "https://alerts.example.com"}, "set WEBHOOK_SECRET",
    ),
    "no address": (
        {"WATCHDOG_TELL": "json://127.0.0.1 secret-of-mine"}, "the address at place 2 is none",
    ),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore:'imghdr':DeprecationWarning")
@pytest.mark.parametrize(("settings", "told"), MISTAKES.values(), ids=MISTAKES)
@pytest.mark.usefixtures("engine")
def test_a_watchdog_that_would_tell_nobody_does_not_begin(
    outreach: Outreach, settings: dict[str, str], told: str
) -> None:
    said = outreach("watchdog", **settings)

    assert said.exit_code == 1
    assert told in said.stderr
    assert "secret-of-mine" not in said.output


def test_a_look_prints_what_holds(engine: Engine, outreach: Outreach) -> None:
    make_request(engine, batch=make_batch(engine))

    said = outreach("watchdog", "--once")

    assert said.exit_code == 1
    assert "OutreachNothingScanned" in said.stdout
    assert "OutreachHalted" not in said.stdout
