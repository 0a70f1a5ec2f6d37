"""A batch is closed, or something of it taken back, while an upload to it is under way."""

import gzip
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO, StringIO
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, text

from tests.factories import make_request
from tests.integration.desk.test_archive import DAY, archived, finish
from tests.sessions import Beside
from worker.desk.additions import add_in
from worker.desk.batches import delete_batch, pause_batch, show_batch
from worker.desk.intake import judge_row, lock_open_batch
from worker.desk.request_actions import remove_in, remove_requests
from worker.desk.results import results
from worker.desk.uploads import upload_requests
from worker.domain.contract.batches import BatchDetails
from worker.domain.contract.new_requests import NewRequest
from worker.domain.errors import BatchArchived, BatchDeleted, BatchExpired, Mistake
from worker.domain.statuses import RequestStatus
from worker.store import closing, finished_batches, ingest
from worker.store.connect import in_transaction

ANA = "ana@example.com"
HEADER = "reference_id,target,name\n"


def new(reference_id: str, target: str = "+15125550101") -> NewRequest:
    return NewRequest(reference_id=reference_id, target=target, request_variables={"name": "Ana"})


def upload(engine: Engine, file: BytesIO, report: StringIO | None = None) -> None:
    upload_requests(engine, "B", file=file, filename="late.csv", by=ANA, report=report)


def statuses(engine: Engine) -> dict[str, str]:
    return {one.reference_id: str(one.request_status) for one in results(engine, "B")}


def sweep(engine: Engine) -> None:
    in_transaction(engine, closing.close_pending, 100)
    in_transaction(engine, finished_batches.note_finished)


@contextmanager
def an_upload(engine: Engine, reference_id: str) -> Iterator[Connection]:
    """A session that has stored a row in batch B, as an upload does, and has not committed yet."""
    with engine.connect() as connection:
        intake = lock_open_batch(connection, "B")
        row = judge_row(intake, 2, reference_id, "+15125550199", {"name": "Zoe"})
        ingest.add(connection, intake.facts.id, intake.channel, [row])
        yield connection


def at_some_row(act: Callable[[], object]) -> BytesIO:
    """A file of two rows: when the last has been read, something happens."""

    class Acting(BytesIO):
        def __next__(self) -> bytes:
            try:
                return super().__next__()
            except StopIteration:
                act()
                raise

    return Acting((HEADER + "1,+15125550101,Ana\n2,+15125550102,Ben\n").encode())


def expire(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("UPDATE communication_batch SET expires_on = clock_timestamp()"))


CLOSING: dict[str, tuple[Callable[[Engine], object], type[Mistake]]] = {
    "deleted": (lambda engine: delete_batch(engine, "B", reason="wrong", by=ANA), BatchDeleted),
    "expired": (expire, BatchExpired),
}


@pytest.mark.parametrize("how", CLOSING)
def test_what_was_read_while_its_batch_was_closed_is_not_kept(
    engine: Engine, batch: BatchDetails, how: str
) -> None:
    close, fault = CLOSING[how]

    with pytest.raises(fault):
        upload(engine, at_some_row(lambda: close(engine)))

    assert statuses(engine) == {}
    assert show_batch(engine, "B").facts.error_message is None


@pytest.mark.parametrize("how", CLOSING)
def test_a_message_that_waited_while_its_batch_was_closed_adds_nothing(
    engine: Engine, batch: BatchDetails, how: str
) -> None:
    close, fault = CLOSING[how]
    with engine.connect() as elsewhere:
        elsewhere.execute(
            text("INSERT INTO recipient (channel, identity) VALUES ('sms', '+15125550101')")
        )
        with Beside(engine, lambda c: add_in(c, "B", [new("1")], by=ANA)) as adding:
            adding.wait_until_blocked()
            close(engine)
            elsewhere.rollback()
            with pytest.raises(fault):
                adding.result()

    assert statuses(engine) == {}


@pytest.mark.parametrize("how", CLOSING)
def test_what_commits_after_all_is_closed_unsent(
    engine: Engine, batch: BatchDetails, how: str
) -> None:
    with an_upload(engine, "new") as uploading:
        CLOSING[how][0](engine)
        sweep(engine)
        uploading.commit()

    sweep(engine)

    assert statuses(engine) == {"new": "CANCELED"}


def test_an_archive_leaves_a_batch_that_is_added_to(
    engine: Engine, batch: BatchDetails, tmp_path: Path
) -> None:
    in_transaction(engine, add_in, "B", [new("old", "no number")], by=ANA)
    finish(engine, batch.facts.id, ago=31 * DAY)
    with an_upload(engine, "new") as uploading:
        assert archived(engine, tmp_path) == []

        uploading.commit()
    assert list(tmp_path.iterdir()) == []
    assert statuses(engine) == {"old": "INVALID", "new": "PENDING"}


def test_an_upload_that_came_after_the_mark_is_refused(
    engine: Engine, batch: BatchDetails, tmp_path: Path
) -> None:
    in_transaction(engine, add_in, "B", [new("old", "no number")], by=ANA)
    finish(engine, batch.facts.id, ago=31 * DAY)
    [done] = archived(engine, tmp_path)

    with pytest.raises(BatchArchived):
        upload(engine, BytesIO((HEADER + "1,+15125550101,Ana\n").encode()))
    assert done.requests == 1


def test_a_removal_waits_for_an_upload_that_may_bring_what_it_names(
    engine: Engine, batch: BatchDetails
) -> None:
    with (
        an_upload(engine, "new") as uploading,
        Beside(engine, lambda c: remove_in(c, "B", ["new"], by=ANA)) as removing,
    ):
        removing.wait_until_blocked()
        uploading.commit()

        assert removing.result() == 1

    assert statuses(engine) == {"new": "CANCELED"}


def test_a_removal_of_what_is_there_waits_for_no_upload(
    engine: Engine, batch: BatchDetails
) -> None:
    in_transaction(engine, add_in, "B", [new("old")], by=ANA)
    with an_upload(engine, "new"):
        assert in_transaction(engine, remove_in, "B", ["old"], by=ANA) == 1


def test_an_operators_removal_closes_at_once_what_is_there(
    engine: Engine, batch: BatchDetails
) -> None:
    in_transaction(engine, add_in, "B", [new("old")], by=ANA)
    with an_upload(engine, "new") as uploading:

        def remove(_: Connection) -> int:
            return remove_requests(engine, "B", ["old", "new"], by=ANA)

        with Beside(engine, remove) as removing:
            removing.wait_until_blocked()
            assert statuses(engine) == {"old": "CANCELED"}
            uploading.commit()
            assert removing.result() == 2


def test_a_pause_goes_through_whatever_an_upload_does(engine: Engine, batch: BatchDetails) -> None:
    """While it reads, when all is stored, and while it reports."""
    paused: list[bool] = []

    def pause() -> None:
        with engine.begin() as connection:
            connection.execute(text("SET LOCAL lock_timeout = '200ms'"))
            connection.execute(text("UPDATE communication_batch SET paused = true"))
            paused.append(True)

    class Reporting(StringIO):
        def write(self, row: str) -> int:
            pause()
            return super().write(row)

    upload(engine, at_some_row(pause), Reporting())

    assert len(paused) >= 2
    assert show_batch(engine, "B").open == 2


def test_a_pause_waits_for_no_upload_that_has_stored_its_rows(
    engine: Engine, batch: BatchDetails
) -> None:
    class Never(StringIO):
        def flush(self) -> None:
            assert pause_batch(engine, "B", by=ANA).facts.paused

    upload(engine, at_some_row(lambda: None), Never())


def hold_batches(connection: Connection) -> None:
    """Let an archive wait, when it has written its file."""
    connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
    connection.execute(text("SELECT FROM communication_batch FOR NO KEY UPDATE"))


def test_a_late_word_that_came_after_the_results_were_written_keeps_the_batch(
    engine: Engine, batch: BatchDetails, tmp_path: Path
) -> None:
    make_request(engine, batch=batch.facts.id, status=RequestStatus.FAILED)
    finish(engine, batch.facts.id, ago=31 * DAY)
    late = "UPDATE communication_request SET request_status = 'SKIPPED'"
    with engine.connect() as editing:
        hold_batches(editing)
        with Beside(engine, lambda _: archived(engine, tmp_path)) as archiving:
            archiving.wait_until_blocked()
            with engine.begin() as telling:
                telling.execute(text(late))
            editing.commit()
            assert archiving.result() == []

    assert list(tmp_path.iterdir()) == []
    [done] = archived(engine, tmp_path)
    assert b'"SKIPPED"' in gzip.decompress(done.file.read_bytes())


def test_an_archive_leaves_a_batch_that_another_one_is_archiving(
    engine: Engine, batch: BatchDetails, tmp_path: Path
) -> None:
    in_transaction(engine, add_in, "B", [new("1", "no number")], by=ANA)
    finish(engine, batch.facts.id, ago=31 * DAY)
    with engine.connect() as editing:
        hold_batches(editing)
        with Beside(engine, lambda _: archived(engine, tmp_path)) as first:
            first.wait_until_blocked()
            assert archived(engine, tmp_path) == []
            editing.commit()
            [done] = first.result()

    assert len(gzip.decompress(done.file.read_bytes()).splitlines()) == 1
