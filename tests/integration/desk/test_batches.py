from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, text

from tests.sessions import eventually
from worker.desk.batch_lists import list_batches
from worker.desk.batches import (
    create_batch,
    delete_batch,
    pause_batch,
    resume_batch,
    show_batch,
    update_batch,
)
from worker.desk.campaigns import create_campaign
from worker.domain.contract.batch_queries import BatchQuery
from worker.domain.contract.batches import BatchDetails
from worker.domain.errors import (
    BatchConflict,
    BatchDeleted,
    CannotMoveExpiry,
    UnknownBatch,
    UnknownCampaign,
    WrongFields,
)
from worker.domain.statuses import BatchStatus
from worker.store.batches import now

ANA = "ana@example.com"
BEN = "ben@example.com"
FUTURE = datetime(2099, 1, 1, tzinfo=UTC)
PAST = datetime(2020, 1, 1, tzinfo=UTC)


def run(engine: Engine, statement: str) -> None:
    with engine.begin() as connection:
        connection.execute(text(statement))


def test_a_new_batch_is_pending_and_empty(batch: BatchDetails) -> None:
    assert batch.status is BatchStatus.PENDING
    assert (batch.total, batch.counts) == (0, ())
    assert batch.facts.last_updated_by == ANA


def test_creating_it_again_with_equal_fields_changes_nothing(
    engine: Engine, batch: BatchDetails
) -> None:
    fields = {"batch_id": "B", "campaign_id": batch.facts.campaign_id, "paused": False}

    assert create_batch(engine, fields, by=BEN) == batch


def test_creating_it_again_with_other_fields_is_a_conflict(
    engine: Engine, batch: BatchDetails
) -> None:
    fields = {"batch_id": "B", "campaign_id": batch.facts.campaign_id, "call_rate": 60}

    with pytest.raises(BatchConflict, match="different call_rate"):
        create_batch(engine, fields, by=ANA)


def test_a_batch_needs_a_campaign(engine: Engine) -> None:
    with pytest.raises(UnknownCampaign, match="'7'"):
        create_batch(engine, {"batch_id": "B", "campaign_id": 7}, by=ANA)


def test_a_batch_that_would_have_expired_already_is_not_made(
    engine: Engine, campaign_id: int
) -> None:
    over = {"batch_id": "over", "campaign_id": campaign_id, "expires_on": PAST}

    with pytest.raises(WrongFields, match="expires_on: must lie ahead; by the database it is 2"):
        create_batch(engine, over, by=ANA)
    with pytest.raises(UnknownBatch):
        show_batch(engine, "over")


def test_one_that_expired_since_may_be_made_again_as_it_was(
    engine: Engine, campaign_id: int
) -> None:
    with engine.begin() as connection:
        soon = now(connection) + timedelta(seconds=0.3)
    fields = {"batch_id": "soon", "campaign_id": campaign_id, "expires_on": soon}
    create_batch(engine, fields, by=ANA)
    eventually(lambda: show_batch(engine, "soon").status is BatchStatus.EXPIRED)

    assert create_batch(engine, fields, by=ANA).status is BatchStatus.EXPIRED


def test_pause_and_resume_are_felt_and_signed(engine: Engine, batch: BatchDetails) -> None:
    paused = pause_batch(engine, "B", by=BEN)
    resumed = resume_batch(engine, "B", by=ANA)

    assert (paused.status, paused.facts.last_updated_by) == (BatchStatus.PAUSED, BEN)
    assert (resumed.status, resumed.facts.last_updated_by) == (BatchStatus.PENDING, ANA)
    assert resumed.facts.last_updated_at > paused.facts.last_updated_at


def test_an_update_changes_only_what_is_named(engine: Engine, batch: BatchDetails) -> None:
    update_batch(engine, "B", {"expires_on": FUTURE}, by=BEN)
    update_batch(engine, "B", {"call_rate": 60}, by=BEN)

    facts = show_batch(engine, "B").facts

    assert (facts.expires_on, facts.call_rate, facts.last_updated_by) == (FUTURE, 60, BEN)


def test_the_automatic_rate_needs_an_expiry(engine: Engine, batch: BatchDetails) -> None:
    update_batch(engine, "B", {"expires_on": FUTURE, "auto_call_rate": True}, by=BEN)

    with pytest.raises(WrongFields, match="auto_call_rate: needs expires_on"):
        update_batch(engine, "B", {"expires_on": None}, by=BEN)


def test_the_database_says_whether_the_expiry_has_passed(
    engine: Engine, batch: BatchDetails
) -> None:
    run(engine, "UPDATE communication_batch SET expires_on = now() - interval '1 second'")

    assert show_batch(engine, "B").status is BatchStatus.EXPIRED
    with pytest.raises(CannotMoveExpiry):
        update_batch(engine, "B", {"expires_on": FUTURE}, by=BEN)


def test_a_deleted_batch_keeps_its_first_reason(engine: Engine, batch: BatchDetails) -> None:
    deleted = delete_batch(engine, "B", reason="User request", by=BEN)
    again = delete_batch(engine, "B", reason="Other", by=ANA)

    assert deleted.status is BatchStatus.CANCELED
    assert again == deleted
    assert again.facts.deleted_reason == "User request"


def test_a_deletion_says_why(engine: Engine, batch: BatchDetails) -> None:
    with pytest.raises(WrongFields, match="deleted_reason"):
        delete_batch(engine, "B", reason=" ", by=BEN)


def test_a_deleted_batch_can_not_be_steered(engine: Engine, batch: BatchDetails) -> None:
    delete_batch(engine, "B", reason="User request", by=BEN)

    with pytest.raises(BatchDeleted):
        resume_batch(engine, "B", by=BEN)
    with pytest.raises(BatchDeleted):
        update_batch(engine, "B", {"call_rate": 1}, by=BEN)


def test_the_latest_batches_come_first(engine: Engine, batch: BatchDetails) -> None:
    other = create_campaign(
        engine,
        {
            "campaign_name": "Other",
            "mode": "voice",
            "source": "+15125550100",
            "twiml": "<Response/>",
        },
        by=ANA,
    )
    create_batch(engine, {"batch_id": "C", "campaign_id": other.id}, by=ANA)

    def named(query: BatchQuery) -> list[str]:
        return [one.details.facts.batch_id for one in list_batches(engine, query).batches]

    assert named(BatchQuery()) == ["C", "B"]
    assert named(BatchQuery(campaign="Other")) == ["C"]
    assert named(BatchQuery(limit=1)) == ["C"]


def test_an_attempt_makes_a_batch_active_unless_it_was_never_sent(
    engine: Engine, batch: BatchDetails
) -> None:
    attempt = """
        WITH person AS (
            INSERT INTO recipient (channel, identity) VALUES ('sms', '+15125550199') RETURNING id
        ), asked AS (
            INSERT INTO communication_request (batch, recipient, reference_id, target, address,
                request_variables, request_status, channel_manager_status, moved_by)
            SELECT b.id, person.id, '1', 't', '+15125550199', '{}', 'PENDING', 'PENDING', 'ingest'
            FROM communication_batch AS b, person RETURNING id, batch, recipient
        )
        INSERT INTO attempt (request, batch, recipient, channel, source, attempt_number, token,
            state, counted, send_by, closed_at)
        SELECT id, batch, recipient, 'sms', 's', 1, gen_random_uuid(), 'NOT_SENT', false, now(), now()
        FROM asked
    """
    run(engine, attempt)
    before = show_batch(engine, "B").status
    run(engine, "UPDATE attempt SET state = 'DONE', counted = true")

    assert before is BatchStatus.PENDING
    assert show_batch(engine, "B").status is BatchStatus.ACTIVE


def test_an_unknown_batch_is_named(engine: Engine) -> None:
    with pytest.raises(UnknownBatch, match="'X'"):
        show_batch(engine, "X")
    with pytest.raises(UnknownBatch, match="'X'"):
        pause_batch(engine, "X", by=ANA)
    with pytest.raises(UnknownBatch, match="'X'"):
        update_batch(engine, "X", {}, by=ANA)
    with pytest.raises(UnknownBatch, match="'X'"):
        delete_batch(engine, "X", reason="r", by=ANA)


def test_a_pause_waits_for_nothing_but_the_batch_row(engine: Engine, batch: BatchDetails) -> None:
    with engine.begin() as uploading:
        uploading.execute(text("SELECT id FROM communication_batch FOR KEY SHARE"))

        assert pause_batch(engine, "B", by=BEN).status is BatchStatus.PAUSED


def test_an_expiry_an_hour_ahead_is_no_expiry_yet(engine: Engine, batch: BatchDetails) -> None:
    soon = batch.facts.created_at + timedelta(hours=1)

    assert update_batch(engine, "B", {"expires_on": soon}, by=BEN).status is BatchStatus.PENDING
