"""The audit's chain: no act waits for it, and who alters or removes an entry is found out."""

import pytest
from sqlalchemy import Engine, text

from tests.factories import ANA
from worker.desk.batches import create_batch, pause_batch, resume_batch, update_batch
from worker.desk.campaigns import campaign_diff, create_campaign, update_campaign
from worker.desk.seals import seal_audit, verify_audit
from worker.domain.audit import Deed
from worker.store import audit

SMS = {"campaign_name": "C", "mode": "sms", "source": "+15125550100", "body": "Hello"}


@pytest.fixture
def done(engine: Engine) -> Engine:
    """Five deeds, sealed."""
    campaign = create_campaign(engine, SMS, by=ANA)
    create_batch(engine, {"batch_id": "B", "campaign_id": campaign.id}, by=ANA)
    pause_batch(engine, "B", by=ANA, why="wrong words")
    resume_batch(engine, "B", by=ANA)
    update_batch(engine, "B", {"call_rate": 60}, by=ANA)
    seal_audit(engine)
    return engine


def touch(engine: Engine, *statements: str) -> None:
    """What whoever owns the database can do."""
    with engine.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        for statement in statements:
            connection.execute(text(statement))


def test_what_was_left_alone_verifies(done: Engine) -> None:
    first = verify_audit(done)
    assert (first.sealed, first.unsealed, first.faults) == (5, 0, ())

    pause_batch(done, "B", by=ANA)
    assert verify_audit(done).unsealed == 1
    seal_audit(done)
    second = verify_audit(done)
    assert (second.sealed, second.unsealed, second.faults) == (6, 0, ())
    assert second.head != first.head


@pytest.mark.parametrize(
    ("statements", "fault"),
    [
        (["UPDATE audit SET by = 'eve@example.com' WHERE id = 3"], "entry 3 was altered"),
        (["UPDATE audit SET why = NULL WHERE id = 3"], "entry 3 was altered"),
        (
            ["UPDATE audit SET at = at + interval '1 microsecond' WHERE id = 3"],
            "entry 3 was altered",
        ),
        (["UPDATE audit SET after = '{}' WHERE id = 5"], "entry 5 was altered"),
        (["UPDATE audit SET detail = '{}' WHERE id = 5"], "entry 5 was altered"),
        (["DELETE FROM audit WHERE id = 3"], "entry 3 was removed"),
        (
            ["DELETE FROM audit WHERE id = 3", "DELETE FROM audit_seal WHERE entry = 3"],
            "entry 4 was altered, or a seal before it removed",
        ),
        (["DELETE FROM audit_seal WHERE entry = 3"], "entry 3 has no seal"),
    ],
)
def test_what_was_touched_is_found(done: Engine, statements: list[str], fault: str) -> None:
    touch(done, *statements)

    assert any(one.startswith(fault) for one in verify_audit(done).faults)


@pytest.mark.parametrize(
    "statement", ["UPDATE audit_seal SET entry = -entry", "DELETE FROM audit_seal"]
)
def test_a_seal_stays(done: Engine, statement: str) -> None:
    with pytest.raises(Exception, match="only ever added to"), done.begin() as connection:
        connection.execute(text(statement))


def test_nothing_is_sealed_above_a_transaction_that_still_runs(done: Engine) -> None:
    with done.connect() as slow:
        audit.note(slow, Deed.HALT, "all", "slow@example.com")
        pause_batch(done, "B", by=ANA)
        seal_audit(done)
        assert verify_audit(done).unsealed == 1
        slow.commit()
    seal_audit(done)

    with done.begin() as connection:
        order = connection.scalars(text("SELECT entry FROM audit_seal ORDER BY position")).all()
    assert list(order) == [1, 2, 3, 4, 5, 6, 7]
    assert verify_audit(done).faults == ()


def test_a_change_says_what_was_before_and_after(engine: Engine) -> None:
    create_campaign(engine, SMS, by=ANA)
    update_campaign(
        engine, "C", {"body": "Hi", "webhooks": [{"url": "https://x.example/s3cret"}]}, by=ANA
    )
    update_campaign(engine, "C", {"description": "x"}, by="ben@example.com")

    first, second = campaign_diff(engine, "C")
    assert (first.before, first.after) == (
        {"body": "Hello", "webhooks": "not told"},
        {"body": "Hi", "webhooks": "not told"},
    )
    assert (second.by, second.before, second.after) == (
        "ben@example.com",
        {"description": None},
        {"description": "x"},
    )
