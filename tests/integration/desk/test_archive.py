"""Finished batches leave the tables, and nothing that matters is forgotten."""

import gzip
import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, func, select, text, update

from tests.factories import (
    make_attempt,
    make_batch,
    make_campaign,
    make_request,
    make_timeouts,
    read,
)
from tests.sessions import Beside
from tests.unit.domain.verdicts.folding import report
from worker.desk.archive import Archived, TooYoung, archive_batches
from worker.desk.batches import show_batch
from worker.desk.retries import retry_requests
from worker.domain.errors import BatchArchived
from worker.domain.evidence import judge_report
from worker.domain.evidence.reports import Meaning
from worker.domain.statuses import AttemptState, Cause, ChannelStatus, RequestStatus
from worker.store import archives, attempts, schema
from worker.store.connect import in_transaction

DAY = timedelta(days=1)
MONTH = 30 * DAY


def finish(engine: Engine, batch: int, *, ago: timedelta) -> None:
    with engine.begin() as connection:
        connection.execute(
            update(schema.batch)
            .where(schema.batch.c.id == batch)
            .values(finished_at=func.clock_timestamp() - ago)
        )


def make_finished(engine: Engine, batch_id: str, *, ago: timedelta, **campaign: Any) -> int:
    """A batch of which one request was reached and one failed."""
    batch = make_batch(engine, batch_id=batch_id, campaign=make_campaign(engine, **campaign))
    for number, status in enumerate((RequestStatus.COMPLETED, RequestStatus.FAILED)):
        request = make_request(engine, batch=batch, reference_id=str(number))
        word = "completed" if status is RequestStatus.COMPLETED else "busy"
        fold: dict[str, Any] = {"fold_rank": 100, "fold_sequence": 0, "fold_name": word}
        make_attempt(engine, request=request, state=AttemptState.DONE, status=status, **fold)
    finish(engine, batch, ago=ago)
    return batch


def archived(engine: Engine, folder: Path) -> list[Archived]:
    return list(archive_batches(engine, older_than=MONTH, folder=folder))


def mark(engine: Engine, batch: int, finished_at: datetime | None = None) -> bool:
    """Whether it could be marked, as one whose results were written when it had finished then."""
    seen = finished_at or read(engine, schema.batch, batch)["finished_at"]
    return in_transaction(engine, archives.mark, batch, seen)


def stored(engine: Engine) -> int:
    """How many rows hang on requests, requests included."""
    tables = (schema.request, schema.attempt, schema.sid, schema.transition)
    with engine.begin() as connection:
        return sum(connection.scalar(select(func.count()).select_from(one)) or 0 for one in tables)


def test_results_go_to_a_file_and_the_counts_stay(engine: Engine, tmp_path: Path) -> None:
    make_finished(engine, "old", ago=31 * DAY)
    before = show_batch(engine, "old")

    [done] = archived(engine, tmp_path)

    assert (done.batch_id, done.requests) == ("old", 2)
    lines = gzip.decompress(done.file.read_bytes()).splitlines()
    kept = [json.loads(line) for line in lines]
    assert [one["request_status"] for one in kept] == ["COMPLETED", "FAILED"]
    after = show_batch(engine, "old")
    assert (after.counts, after.status) == (before.counts, before.status)
    assert stored(engine) == 0
    assert archived(engine, tmp_path) == []


def test_what_finished_of_late_or_is_not_finished_stays(engine: Engine, tmp_path: Path) -> None:
    make_finished(engine, "recent", ago=29 * DAY)
    make_attempt(engine, state=AttemptState.ACCEPTED)

    assert archived(engine, tmp_path) == []
    assert stored(engine) > 0


def test_an_archived_batch_takes_nothing_more(engine: Engine, tmp_path: Path) -> None:
    make_finished(engine, "old", ago=31 * DAY)
    archived(engine, tmp_path)

    with pytest.raises(BatchArchived):
        retry_requests(engine, "old", None, by="ana@example.com")


def test_a_retry_that_came_first_keeps_the_batch(engine: Engine, tmp_path: Path) -> None:
    make_finished(engine, "old", ago=31 * DAY)
    retry_requests(engine, "old", ["1"], by="ana@example.com")

    assert archived(engine, tmp_path) == []
    assert list(tmp_path.iterdir()) == []


def test_a_run_that_was_cut_short_is_made_good(engine: Engine, tmp_path: Path) -> None:
    batch = make_finished(engine, "old", ago=31 * DAY)
    archived_first = tmp_path / "old.jsonl.gz"
    archived_first.write_bytes(b"what the first run has written")
    mark(engine, batch)

    [done] = archived(engine, tmp_path)

    assert done.requests == 2
    assert archived_first.read_bytes() == b"what the first run has written"
    assert stored(engine) == 0


def test_what_a_frequency_cap_still_counts_is_not_archived(engine: Engine, tmp_path: Path) -> None:
    make_finished(engine, "old", ago=31 * DAY, frequency_cap=3, frequency_days=60)

    with pytest.raises(TooYoung, match="more than 60d"):
        archived(engine, tmp_path)


def test_suppressed_recipients_are_remembered(engine: Engine, tmp_path: Path) -> None:
    make_finished(engine, "old", ago=31 * DAY)
    with engine.begin() as connection:
        connection.execute(
            text("UPDATE recipient SET suppressed_at = now(), suppress_reason = 'bounced'")
        )
    archived(engine, tmp_path)

    with engine.begin() as connection:
        assert connection.scalar(text("SELECT count(*) FROM recipient")) == 2


def test_what_is_written_while_the_archive_waits_goes_with_its_request(engine: Engine) -> None:
    batch = make_finished(engine, "old", ago=31 * DAY)
    mark(engine, batch)

    with engine.connect() as late, late.begin() as writing:
        late.execute(
            update(schema.request)
            .where(schema.request.c.batch == batch)
            .values(request_status=RequestStatus.PENDING, moved_by=Cause.CALLBACK)
        )
        with Beside(engine, lambda c: archives.drop_some(c, "old", 100)) as dropping:
            dropping.wait_until_blocked()
            writing.commit()

    assert dropping.result() == 2
    assert stored(engine) == 0


def test_a_late_word_makes_nothing_due_in_an_archived_batch(engine: Engine) -> None:
    batch = make_finished(engine, "old", ago=31 * DAY, retry_count=5)
    mark(engine, batch)
    with engine.begin() as connection:
        attempt = connection.scalar(
            select(func.max(schema.attempt.c.id)).where(schema.attempt.c.batch == batch)
        )
        assert attempt is not None
        facts = attempts.lock(connection, [attempt])[attempt]
        busy = report(
            Meaning.MISSED, 100, name="busy", sequence=9, channel_status=ChannelStatus.BUSY
        )
        change = judge_report(facts, busy, make_timeouts(), Cause.CALLBACK)
        assert change is not None
        attempts.write(connection, [change])
        waiting = connection.scalar(select(func.count()).select_from(schema.queue))

    assert waiting == 0
    assert in_transaction(engine, archives.drop_some, "old", 100) == 2


def test_only_what_was_written_is_marked(engine: Engine) -> None:
    """Whoever was added and finished since is not in the file."""
    batch = make_finished(engine, "old", ago=31 * DAY)
    written = read(engine, schema.batch, batch)["finished_at"]
    finish(engine, batch, ago=31 * DAY)

    assert not mark(engine, batch, written)
    assert mark(engine, batch)


@pytest.mark.parametrize("what", ["waits", "is under way"])
def test_what_came_back_since_it_was_written_keeps_the_batch(engine: Engine, what: str) -> None:
    batch = make_finished(engine, "old", ago=31 * DAY)
    request = make_request(engine, batch=batch, status=RequestStatus.PENDING)
    if what == "is under way":
        make_attempt(engine, request=request, state=AttemptState.SENDING)

    assert not mark(engine, batch)
