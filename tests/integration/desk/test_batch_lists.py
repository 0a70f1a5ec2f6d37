"""The list of batches: every filter, page by page, and fast also over ten thousand."""

import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, func, text

from tests.factories import HOUR, make_attempt, make_batch, make_campaign, make_request
from worker.desk.batch_lists import list_batches
from worker.domain.contract.batch_queries import LARGEST_PAGE, BatchPage, BatchQuery
from worker.domain.errors import UnknownBatch, UnknownCampaign
from worker.domain.statuses import BatchStatus

OLD = datetime(2020, 1, 1, tzinfo=UTC)
MANY = 10_000
FAST_ENOUGH = 0.5


def names(page: BatchPage) -> list[str]:
    return [one.details.facts.batch_id for one in page.batches]


@pytest.fixture
def of_each_kind(engine: Engine) -> Mapping[str, int]:
    """A batch of every status, named by it; some facts speak of two, of which one wins."""
    campaign = make_campaign(engine, campaign_name="Late payments")
    deleted = {"deleted_at": OLD, "deleted_reason": "x"}
    kinds: dict[str, dict[str, object]] = {
        "later": {"starts_at": func.clock_timestamp() + HOUR},
        "canceled": deleted | {"error_message": "x", "expires_in": -HOUR},
        "failed": {"error_message": "x", "paused": True, "expires_in": -HOUR},
        "expired": {"expires_in": -HOUR, "paused": True},
        "paused": {"paused": True, "expires_in": HOUR},
        "active": {"upload_filename": "Patients.csv"},
        "archived": {"archived_at": OLD, "finished_at": OLD, "created_at": OLD},
        "pending": {},
    }
    made = {
        name: make_batch(engine, campaign=campaign, batch_id=name, **facts)  # type: ignore[arg-type]  # facts by name
        for name, facts in kinds.items()
    }
    for name in ("active", "paused", "later"):
        make_attempt(engine, request=make_request(engine, batch=made[name]))
    return made


@pytest.mark.usefixtures("of_each_kind")
@pytest.mark.parametrize("status", BatchStatus)
def test_a_status_that_is_asked_for_is_the_one_that_is_told(
    engine: Engine, status: BatchStatus
) -> None:
    everything = list_batches(engine).batches
    expected = [one for one in everything if one.details.status is status]

    assert list(list_batches(engine, BatchQuery(status=status)).batches) == expected
    assert expected


@pytest.mark.usefixtures("of_each_kind")
@pytest.mark.parametrize(
    ("query", "found"),
    [
        (BatchQuery(finished=True), {"archived"}),
        (BatchQuery(finished=False, status=BatchStatus.ACTIVE), {"active"}),
        (BatchQuery(matching="patients"), {"active"}),
        (BatchQuery(matching="ACT"), {"active"}),
        (BatchQuery(matching="%"), set()),
        (BatchQuery(matching="late pay", limit=1), {"pending"}),
        (BatchQuery(since=timedelta(hours=1), campaign="Late payments", limit=2), {"pending", "active"}),
        (BatchQuery(since=OLD, status=BatchStatus.ACTIVE), {"active", "archived"}),
        (BatchQuery(before="failed"), {"canceled", "later"}),
    ],
)  # fmt: skip
def test_filters_narrow_the_list(engine: Engine, query: BatchQuery, found: set[str]) -> None:
    assert set(names(list_batches(engine, query))) == found


@pytest.mark.usefixtures("of_each_kind")
def test_what_does_not_exist_is_said(engine: Engine) -> None:
    with pytest.raises(UnknownBatch):
        list_batches(engine, BatchQuery(before="nope"))
    with pytest.raises(UnknownCampaign):
        list_batches(engine, BatchQuery(campaign="nope"))


def test_page_by_page_each_is_listed_once_and_the_last_page_says_so(engine: Engine) -> None:
    campaign = make_campaign(engine)
    made = [f"b-{n}" for n in range(7)]
    for name in made:
        make_batch(engine, campaign=campaign, batch_id=name)

    page = list_batches(engine, BatchQuery(limit=3))
    seen = names(page)
    while page.more:
        page = list_batches(engine, BatchQuery(limit=3, before=seen[-1]))
        seen += names(page)

    assert seen == made[::-1]


@pytest.fixture
def ten_thousand(engine: Engine) -> Engine:
    """As many batches, half of them attempted, each with counts in several slots."""
    campaign = make_campaign(engine)
    fill = [
        """
        INSERT INTO communication_batch (batch_id, campaign_id, last_updated_by, finished_at)
        SELECT 'many-' || n, :campaign, 'a@b', CASE WHEN n % 3 > 0 THEN clock_timestamp() END
        FROM generate_series(1, :many) AS n
        """,
        """
        INSERT INTO request_count (batch, request_status, channel_manager_status, slot, n)
        SELECT b.id, s, s, slot, 10 FROM communication_batch AS b,
            unnest(ARRAY['COMPLETED', 'FAILED', 'PENDING', 'INVALID']) AS s, generate_series(0, 3) AS slot
        WHERE b.batch_id LIKE 'many-%'
        """,
        """
        INSERT INTO attempt (request, batch, recipient, channel, source, attempt_number, token, state,
            send_by, closed_at)
        SELECT -b.id, b.id, -b.id, 'voice', 'x', 1, gen_random_uuid(), 'DONE',
            clock_timestamp(), clock_timestamp()
        FROM communication_batch AS b WHERE b.batch_id LIKE 'many-%' AND b.id % 2 = 0
        """,
        "ANALYZE",
    ]
    with engine.begin() as connection:
        for statement in fill:
            connection.execute(text(statement), {"campaign": campaign, "many": MANY})
    return engine


def test_ten_thousand_batches_are_listed_in_half_a_second(ten_thousand: Engine) -> None:
    for query in (
        BatchQuery(),
        BatchQuery(limit=LARGEST_PAGE),
        BatchQuery(status=BatchStatus.CANCELED),
        BatchQuery(status=BatchStatus.PENDING, finished=False),
        BatchQuery(matching="nowhere"),
        BatchQuery(since=timedelta(days=1), before="many-2000"),
    ):
        assert best_of_three(ten_thousand, query) < FAST_ENOUGH, query


def best_of_three(engine: Engine, query: BatchQuery) -> float:
    taken = []
    for _ in range(3):
        began = time.perf_counter()
        list_batches(engine, query)
        taken.append(time.perf_counter() - began)
    return min(taken)
