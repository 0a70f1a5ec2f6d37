"""Keys: what they are known by, how long they hold, and what anybody hears of a wrong one."""

from datetime import timedelta
from time import monotonic

import pytest
from sqlalchemy import Engine, event, text

from tests.callers import make_key
from tests.factories import ANA, database_time, make_campaign
from worker.desk.audit import list_audit
from worker.desk.key_ring import NOTED_SECONDS, KeyRing
from worker.desk.keys import (
    KeyExists,
    UnknownKey,
    digest_of,
    list_keys,
    revoke_key,
)
from worker.domain.callers import Caller, Role
from worker.domain.errors import UnknownCampaign, WrongFields
from worker.store.connect import connect


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        """Seconds."""
        return self.now


def caller(ring: KeyRing, shown: str) -> Caller | None:
    if not ring.is_fresh:
        ring.refresh()
    found = ring.find(shown)
    return found.caller if found else None


def test_a_key_is_known_and_kept_nowhere(engine: Engine) -> None:
    campaign = make_campaign(engine, campaign_name="C")
    key = make_key(engine, campaign="C")

    assert caller(KeyRing(engine), key) == Caller(ANA, Role.OPERATE, campaign)
    with engine.begin() as connection:
        stored = connection.execute(text("SELECT k::text FROM access_key AS k")).scalar_one()
        audited = connection.execute(
            text("SELECT string_agg(a::text, '') FROM audit AS a")
        ).scalar_one()
    assert key not in stored + audited
    assert digest_of(key).hex() in stored


@pytest.mark.parametrize("wrong", ["", "outreach_", "x" * 100_000, "\ud800", "ключ"])
def test_a_wrong_key_is_nobodys_and_asks_the_store_nothing(engine: Engine, wrong: str) -> None:
    make_key(engine)
    ring, asked = KeyRing(engine), list[str]()
    ring.refresh()
    event.listen(engine, "before_cursor_execute", lambda *told: asked.append(told[2]))

    assert caller(ring, wrong) is None
    assert asked == []


def test_a_revoked_key_is_refused_by_every_process_within_two_seconds(
    engine: Engine, database_url: str
) -> None:
    key, other = make_key(engine), connect(database_url)
    rings = [KeyRing(engine), KeyRing(other)]
    assert all(caller(ring, key) for ring in rings)

    revoke_key(engine, "crm", by=ANA)
    revoked = monotonic()
    while any(caller(ring, key) for ring in rings):
        assert monotonic() - revoked < 2

    other.dispose()


def test_a_key_expires(engine: Engine) -> None:
    key = make_key(engine, expires_at=database_time(engine) + timedelta(days=1))
    assert caller(KeyRing(engine), key)
    with engine.begin() as connection:
        connection.execute(text("UPDATE access_key SET expires_at = clock_timestamp()"))

    assert caller(KeyRing(engine), key) is None


def test_what_can_be_no_key_is_refused(engine: Engine) -> None:
    make_key(engine)
    with pytest.raises(KeyExists):
        make_key(engine)
    with pytest.raises(UnknownKey):
        revoke_key(engine, "other", by=ANA)
    with pytest.raises(UnknownCampaign):
        make_key(engine, "x", campaign="none")
    with pytest.raises(WrongFields, match="expires"):
        make_key(engine, "x", expires_at=database_time(engine))
    with pytest.raises(WrongFields, match="name"):
        make_key(engine, " ")


def test_a_name_is_free_again_once_its_key_is_revoked(engine: Engine) -> None:
    old = make_key(engine)
    revoke_key(engine, "crm", by=ANA)
    new = make_key(engine)

    ring = KeyRing(engine)
    assert caller(ring, old) is None
    assert caller(ring, new)
    assert [(one.name, one.revoked_by) for one in list_keys(engine)] == [
        ("crm", ANA),
        ("crm", None),
    ]
    deeds = [(one.deed, one.subject, one.by) for one in list_audit(engine)]
    assert deeds == [
        ("create", "key crm", "ben@example.com"),
        ("revoke", "key crm", ANA),
        ("create", "key crm", "ben@example.com"),
    ]


def test_use_is_written_down_once_a_minute_however_often_it_is(engine: Engine) -> None:
    shown, clock = make_key(engine), Clock()
    ring = KeyRing(engine, clock)
    ring.refresh()
    key = ring.find(shown)
    assert key

    assert [ring.is_use_due(key) for _ in range(3)] == [True, False, False]
    ring.note_use(key)
    assert list_keys(engine)[0].last_used_at is not None
    clock.now += NOTED_SECONDS
    assert ring.is_use_due(key)


def test_a_key_may_make_so_many_calls_a_second_and_is_told_how_long_to_wait(engine: Engine) -> None:
    shown, other, clock = make_key(engine, per_second=4), make_key(engine, "x"), Clock()
    ring = KeyRing(engine, clock)
    ring.refresh()
    key, neighbour = ring.find(shown), ring.find(other)
    assert key
    assert neighbour

    assert [ring.seconds_to_wait(key) for _ in range(5)] == [0, 0, 0, 0, 0.25]
    assert ring.seconds_to_wait(neighbour) == 0
    clock.now += 0.25
    assert [ring.seconds_to_wait(key) for _ in range(2)] == [0, 0.25]
