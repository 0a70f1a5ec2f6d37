import logging
from collections.abc import Iterator
from typing import NoReturn

import pytest
import structlog

from config.logs import redact, set_up

ADDRESSES = {
    "a number": "calling +15125550123 now",
    "a mailbox": "mail to ana.lima+tag@mail.example.co.uk",
    "both": "+442071838750 and o'hara@example.com",
}


@pytest.mark.parametrize("text", ADDRESSES.values(), ids=ADDRESSES)
def test_an_address_in_any_text_is_blanked(text: str) -> None:
    event = redact(None, "info", {"event": text, "count": 3})

    assert "555" not in event["event"]
    assert "7183" not in event["event"]
    assert "@" not in event["event"]
    assert event["count"] == 3


def test_what_is_no_address_stays() -> None:
    told = {"event": "chunk_delivered", "batch": 12, "sid": "CA0123456789abcdef"}

    assert redact(None, "info", dict(told)) == told


@pytest.mark.parametrize(
    "value",
    [["+15125550123"], {"target": "ana@example.com"}, ("+15125550123",)],
    ids=["list", "mapping", "tuple"],
)
def test_an_address_inside_a_collection_is_blanked(value: object) -> None:
    shown = repr(redact(None, "info", {"event": "x", "value": value}))

    assert "5550123" not in shown
    assert "ana@" not in shown


@pytest.fixture
def quiet() -> Iterator[None]:
    """A process that was asked for warnings; afterwards all is as it was."""
    root = logging.getLogger()
    before, handlers, level = structlog.get_config(), root.handlers, root.level
    set_up("WARNING", "voice")
    yield
    structlog.configure(**before)
    root.handlers = handlers
    root.setLevel(level)


class Composed(Exception):
    """A line has read what it was given."""


class Unread(dict[str, str]):
    """What no line may read that is not written."""

    def items(self) -> NoReturn:
        raise Composed


def test_a_line_that_nobody_asked_for_is_not_even_composed(quiet: None) -> None:
    log = structlog.get_logger("test")

    log.info("attempt_answered", told=Unread())

    with pytest.raises(Composed):
        log.warning("attempt_answered", told=Unread())


@pytest.mark.parametrize("name", ["opentelemetry.sdk.trace", "urllib3.connectionpool"])
def test_who_quotes_addresses_is_told_without_them(
    name: str, quiet: None, capsys: pytest.CaptureFixture[str]
) -> None:
    set_up("WARNING", "voice")
    logger = logging.getLogger(name)
    logger.setLevel(logging.WARNING)
    address = "https://me:secret@collector/path"

    logger.error("no answer of %s", address, exc_info=ConnectionError(address))

    told = capsys.readouterr().out
    assert "no answer of %s" in told
    assert "ConnectionError" in told
    assert "secret" not in told
    assert "path" not in told
