"""A file is kept before it is read; while it waits, its batch is not finished."""

from io import BytesIO

import pytest
from sqlalchemy import Engine, text

from worker.desk.batches import create_batch, delete_batch, show_batch
from worker.desk.outbound.batches import get_public_batch
from worker.desk.outbound.uploads import take_file
from worker.desk.upload_reports import MORE, files_of, report_of
from worker.desk.waiting_uploads import read_waiting
from worker.domain.callers import Caller, Role
from worker.domain.contract.batches import BatchDetails
from worker.domain.contract.outbound.generations import generation_of
from worker.domain.errors import BatchDeleted, FileFault, UnknownBatch
from worker.domain.statuses import BatchStatus
from worker.domain.wire import Wire
from worker.store.connect import in_transaction
from worker.store.finished_batches import note_finished

ANA = Caller("ana@example.com", Role.OPERATE, None)
GOOD = b"reference_id,target,name\n1,+15125550101,Ana\n2,nobody,Ben\n1,+15125550102,Cy\n"
BAD = b"who,where\n1,2\n"

pytestmark = pytest.mark.usefixtures("batch")


def take(engine: Engine, content: bytes, caller: Caller = ANA) -> None:
    take_file(engine, "B", BytesIO(content), "people.csv", caller)


def uploads_of(engine: Engine, batch_id: str, caller: Caller) -> list[Wire]:
    """Files as the public API tells of them."""
    told = get_public_batch(engine, batch_id, generation_of(""), caller)["uploads"]
    assert isinstance(told, list)
    return told


def parts(engine: Engine) -> int:
    with engine.begin() as connection:
        return int(connection.scalar(text("SELECT count(*) FROM upload_part")) or 0)


def test_a_file_waits_and_is_read_by_whoever_comes(engine: Engine) -> None:
    take(engine, GOOD)
    waiting = uploads_of(engine, "B", ANA)

    assert (show_batch(engine, "B").total, parts(engine)) == (0, 1)
    assert [read_waiting(engine), read_waiting(engine)] == [True, False]

    details = show_batch(engine, "B")
    assert (details.total, details.facts.upload_filename) == (2, "people.csv")
    assert details.facts.last_updated_by == ANA.owner
    (told,) = uploads_of(engine, "B", ANA)
    assert isinstance(waiting[0], dict)
    assert isinstance(told, dict)
    assert waiting[0]["finished_at"] is None
    assert (told["finished_at"] is not None, told["fault"], parts(engine)) == (True, None, 0)
    assert isinstance(told["outcome"], dict)
    assert (told["outcome"]["stored"], told["outcome"]["refused_count"]) == (2, 1)


def test_its_bad_rows_stay_with_it(engine: Engine) -> None:
    take(engine, GOOD)
    read_waiting(engine)
    (shown,) = files_of(engine, "B")
    report = report_of(engine, shown.id)

    assert report is not None
    assert [line.split(",")[0] for line in report.splitlines()] == ["line", "3", "4"]


def test_of_a_very_bad_file_the_first_bad_rows_are_kept(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("worker.desk.upload_reports.LONGEST_REPORT", 200)
    rows = "".join(f"{n},nobody\n" for n in range(50))
    take(engine, f"reference_id,target\n{rows}".encode())
    read_waiting(engine)
    report = report_of(engine, files_of(engine, "B")[0].id)

    assert report is not None
    assert report.splitlines()[-1] == MORE.strip()
    assert 2 < len(report.splitlines()) < 10


def test_the_same_file_again_changes_nothing(engine: Engine) -> None:
    for _ in range(2):
        take(engine, GOOD)
    while read_waiting(engine):
        pass
    take(engine, GOOD)

    assert (len(uploads_of(engine, "B", ANA)), parts(engine)) == (1, 0)
    assert show_batch(engine, "B").total == 2


def test_a_batch_is_not_finished_while_a_file_waits(engine: Engine) -> None:
    take(engine, b"reference_id,target\n1,nobody\n")
    read_waiting(engine)
    in_transaction(engine, note_finished)
    assert show_batch(engine, "B").facts.finished_at is not None

    take(engine, b"reference_id,target\n2,nobody\n")
    assert show_batch(engine, "B").facts.finished_at is None
    in_transaction(engine, note_finished)
    assert show_batch(engine, "B").facts.finished_at is None

    # As if the sweep had looked just before the file came, and written just after.
    with engine.begin() as connection:
        connection.execute(text("UPDATE communication_batch SET finished_at = now()"))
    in_transaction(engine, note_finished)
    assert show_batch(engine, "B").facts.finished_at is None
    read_waiting(engine)
    in_transaction(engine, note_finished)
    assert show_batch(engine, "B").facts.finished_at is not None


def test_a_first_file_that_is_none_fails_the_batch_and_a_good_one_mends_it(engine: Engine) -> None:
    take(engine, BAD)
    read_waiting(engine)

    assert show_batch(engine, "B").status is BatchStatus.FAILED
    take(engine, GOOD)
    read_waiting(engine)
    assert show_batch(engine, "B").status is BatchStatus.PENDING


def test_a_later_file_that_is_none_stops_nobody(engine: Engine) -> None:
    take(engine, GOOD)
    take(engine, BAD)
    while read_waiting(engine):
        pass

    assert show_batch(engine, "B").status is BatchStatus.PENDING
    told = uploads_of(engine, "B", ANA)[0]
    assert isinstance(told, dict)
    assert "no column reference_id" in str(told["fault"])


def test_files_are_read_in_the_order_in_which_they_came(engine: Engine) -> None:
    take(engine, b"reference_id,target\n1,+15125550101\n")
    take(engine, b"reference_id,target\n1,+15125550102\n")
    with engine.begin() as connection:
        connection.execute(text("SELECT FROM upload ORDER BY id LIMIT 1 FOR UPDATE"))
        assert read_waiting(engine) is False
    while read_waiting(engine):
        pass

    told = [one["outcome"] for one in uploads_of(engine, "B", ANA) if isinstance(one, dict)]
    assert [one["stored"] for one in told if isinstance(one, dict)] == [0, 1]


def test_a_batch_that_was_deleted_meanwhile_gets_nothing(engine: Engine) -> None:
    take(engine, GOOD)
    delete_batch(engine, "B", reason="wrong list", by=ANA.owner)
    read_waiting(engine)

    assert (show_batch(engine, "B").total, parts(engine)) == (0, 0)
    with pytest.raises(BatchDeleted):
        take(engine, GOOD + b"\n")


def test_a_spreadsheet_is_refused_and_the_batch_is_as_it_was(engine: Engine) -> None:
    with pytest.raises(FileFault, match="spreadsheet"):
        take(engine, b"PK\x03\x04" + GOOD)

    assert (show_batch(engine, "B").status, parts(engine)) == (BatchStatus.PENDING, 0)


def test_a_key_of_another_campaign_knows_of_no_such_batch(
    engine: Engine, batch: BatchDetails
) -> None:
    stranger = Caller("eve@example.com", Role.OPERATE, batch.facts.campaign_id + 1)
    create_batch(engine, {"batch_id": "C", "campaign_id": batch.facts.campaign_id}, by=ANA.owner)

    with pytest.raises(UnknownBatch):
        take(engine, GOOD, stranger)
    with pytest.raises(UnknownBatch):
        uploads_of(engine, "B", stranger)
