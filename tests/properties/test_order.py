"""20,000 events of 2,000 requests in whatever order and number: the end is that of the ordered run."""

from collections import Counter
from collections.abc import Sequence
from random import Random
from typing import Any

import pytest
from sqlalchemy import Engine, text

from tests.factories import counted_equals_recount, make_timeouts
from tests.properties.stories import (
    STORIES,
    Batches,
    Contact,
    attempt_whoever_waits,
    store_requests,
)
from worker.dispatch.apply_reports import apply_reports
from worker.domain.evidence.reports import Report
from worker.domain.statuses import Channel

PER_CHANNEL, EVENTS, LOAD = 667, 20_000, 500
PATIENCE = make_timeouts()

_REQUESTS = text("""
    SELECT request_status, channel_manager_status, error_code, attempt_count
    FROM communication_request WHERE batch = :batch ORDER BY id
""")
_ATTEMPTS = text("""
    SELECT state, fold_rank, fold_sequence, fold_name, late, counted
    FROM attempt WHERE batch = :batch ORDER BY request, attempt_number
""")
# Whether; the reason stays that of the first who said so.
_PEOPLE = text("""
    SELECT p.suppressed_at IS NOT NULL
    FROM communication_request AS r JOIN recipient AS p ON p.id = r.recipient
    WHERE r.batch = :batch ORDER BY r.id
""")
_LETTERS = text("""
    SELECT count(*) FROM inbox AS i JOIN attempt AS a ON a.token = i.token
    WHERE a.batch = ANY (:batches) AND i.attempt = a.id AND i.applied_at IS NOT NULL
""")
_BELIED = text("""
    SELECT r.request_status, r.attempt = newer.id AS follows_newer, older.late, older.fold_name,
           newer.state, newer.fold_name AS newest_word
    FROM attempt AS older JOIN attempt AS newer USING (request)
    JOIN communication_request AS r ON r.id = older.request
    WHERE older.batch = ANY (:batches) AND older.attempt_number = 1 AND newer.attempt_number = 2
""")


def deliver(engine: Engine, reports: Sequence[Report]) -> None:
    for at in range(0, len(reports), LOAD):
        apply_reports(engine, PATIENCE, reports[at : at + LOAD])


def disordered(reports: Sequence[Report], events: int) -> list[Report]:
    """The same, some of them repeated, and shuffled: `events` of them."""
    chance = Random(7)  # noqa: S311  the same disorder every time
    repeated = [*reports, *chance.choices(reports, k=events - len(reports))]
    chance.shuffle(repeated)
    return repeated


def ends(engine: Engine, batches: Batches) -> dict[Channel, list[list[tuple[Any, ...]]]]:
    """Of each channel: its requests, their attempts, and who is suppressed."""
    with engine.connect() as connection:
        return {
            channel: [
                [tuple(row) for row in connection.execute(statement, {"batch": batch})]
                for statement in (_REQUESTS, _ATTEMPTS, _PEOPLE)
            ]
            for channel, batch in batches.items()
        }


def told_of(contacts: Sequence[Contact], *, late: bool | None = None) -> list[Report]:
    return [report for contact in contacts for report in contact.reports(late=late)]


def test_shuffled_repeated_and_delayed_events_end_as_the_ordered_run(engine: Engine) -> None:
    ordered, shuffled = (store_requests(engine, PER_CHANNEL, retry_count=0) for _ in range(2))
    deliver(engine, told_of(attempt_whoever_waits(engine, ordered)))
    deliver(engine, disordered(told_of(attempt_whoever_waits(engine, shuffled)), EVENTS))

    expected = ends(engine, ordered)
    assert ends(engine, shuffled) == expected
    for channel, (requests, *_) in expected.items():
        assert len(requests) == PER_CHANNEL
        assert len(Counter(row[:2] for row in requests)) >= 4, channel
    assert counted_equals_recount(engine)


def test_events_of_an_older_attempt_are_its_own_and_move_nothing(engine: Engine) -> None:
    runs = [store_requests(engine, PER_CHANNEL, retry_count=1) for _ in range(2)]
    contacts = []
    for number, run in enumerate(runs):
        older = attempt_whoever_waits(engine, run)
        at_once = told_of(older, late=False)
        deliver(engine, disordered(at_once, len(at_once)) if number else at_once)
        newer = attempt_whoever_waits(engine, run)
        afterwards = [*told_of(older, late=True), *told_of(newer)]
        wanted = EVENTS - len(at_once)
        deliver(engine, disordered(afterwards, wanted) if number else afterwards)
        contacts += [*older, *newer]

    assert ends(engine, runs[1]) == ends(engine, runs[0])
    both = {"batches": [batch for run in runs for batch in run.values()]}
    with engine.connect() as connection:
        assert connection.scalar(_LETTERS, both) == len({one.key for one in told_of(contacts)})
        pairs = connection.execute(_BELIED, both).all()
    assert all(pair.follows_newer for pair in pairs)
    belied = [pair for pair in pairs if pair.late]
    assert {pair.fold_name for pair in belied} == {"completed", "delivered", "spamreport"}
    # What the older attempt turned out to be is not what its request shows.
    assert {pair.request_status for pair in belied} >= {"FAILED", "INITIATED"}
    assert len(belied) < len(pairs)
    assert counted_equals_recount(engine)


@pytest.mark.parametrize("channel", list(Channel))
def test_every_channel_has_stories_with_late_words_that_say_less_or_more(channel: Channel) -> None:
    last_words = [said[-1].late for said in STORIES[channel] if any(one.late for one in said)]

    assert set(last_words) == {False, True}
