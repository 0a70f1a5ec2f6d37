"""Who did what, by command."""

import json
from collections.abc import Callable

import pytest
from sqlalchemy import Engine
from typer.testing import Result

from tests.factories import make_batch, make_campaign

Outreach = Callable[..., Result]

pytestmark = pytest.mark.usefixtures("durable")


def test_what_an_operator_did_is_listed_with_its_door(engine: Engine, outreach: Outreach) -> None:
    make_batch(engine, batch_id="B", campaign=make_campaign(engine, campaign_name="C"))
    outreach("batch", "pause", "B", "--as", "ben@example.com", "--reason", "wrong hour")
    outreach("batch", "resume", "B", "--reason", "right hour")
    outreach("batch", "delete", "B", "--reason", "wrong list")
    outreach("halt", "--campaign", "C", "--reason", "wrong words")

    rows = json.loads(outreach("audit", "list", "--json").stdout)
    shown = outreach("audit", "list", "--batch", "B").stdout

    assert [(one["by"], one["door"], one["deed"], one["why"]) for one in rows] == [
        ("ana@example.com", "command", "halt", "wrong words"),
        ("ana@example.com", "command", "delete", "wrong list"),
        ("ana@example.com", "command", "resume", "right hour"),
        ("ben@example.com", "command", "pause", "wrong hour"),
    ]
    assert "wrong list" in shown
    assert "wrong words" not in shown


def test_a_database_that_an_operator_accepts_is_told(outreach: Outreach) -> None:
    outreach("resume", "--after-restore")

    [row] = json.loads(outreach("audit", "list", "--json").stdout)
    assert (row["by"], row["deed"], row["subject"]) == ("ana@example.com", "adopt", "database")


def test_nothing_is_listed_of_a_campaign_that_is_unknown(outreach: Outreach) -> None:
    refused = outreach("audit", "list", "--campaign", "none")

    assert refused.exit_code == 1
    assert "none" in refused.stderr
