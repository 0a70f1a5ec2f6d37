"""Keys, by command."""

import json
from collections.abc import Callable

import pytest
from sqlalchemy import Engine
from typer.testing import Result

from worker.desk.key_ring import KeyRing
from worker.domain.callers import Caller, Role

Outreach = Callable[..., Result]

pytestmark = pytest.mark.usefixtures("durable")


def test_a_key_is_shown_once_listed_and_revoked(engine: Engine, outreach: Outreach) -> None:
    options = ("--role", "operate", "--owner", "crm@example.com", "--expires", "2999-01-31")
    key = outreach("key", "create", "crm", *options).stdout.strip()

    ring = KeyRing(engine)
    ring.refresh()
    found = ring.find(key)
    assert found
    assert found.caller == Caller("crm@example.com", Role.OPERATE)

    shown = outreach("key", "list", "--json").stdout
    [row] = json.loads(shown)
    assert (row["name"], row["role"], row["expires_at"]) == (
        "crm",
        "operate",
        "2999-01-31T00:00:00Z",
    )
    assert row["created_by"] == "ana@example.com"
    assert key not in shown

    assert outreach("key", "revoke", "crm").exit_code == 0
    assert "no key 'crm' is in force" in outreach("key", "revoke", "crm").stderr
