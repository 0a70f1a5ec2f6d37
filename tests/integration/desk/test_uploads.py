import csv
from contextlib import suppress
from io import BytesIO, StringIO
from threading import Thread

import pytest
from sqlalchemy import Engine, text

from worker.desk.batches import delete_batch, show_batch
from worker.desk.results import results
from worker.desk.uploads import Uploaded, upload_requests
from worker.domain.contract.batches import BatchDetails
from worker.domain.contract.csv_rows import BadRow
from worker.domain.contract.results import RequestResult
from worker.domain.errors import BatchDeleted, BatchExpired, FileFault, UnknownBatch
from worker.domain.statuses import BatchStatus
from worker.store.ingest import REPORTED

ANA = "ana@example.com"
HEADER = "reference_id,target,name\n"
FILE = HEADER + (
    "1,+1 512 555 0101,Ana\n"
    "2,(512) 555-0102,Ben\n"
    "3,+15125550101,Ana again\n"
    "4,not a number,Cy\n"
    "1,+15125550105,Di\n"
    "5\n"
)


def upload(engine: Engine, content: str | bytes, filename: str = "late.csv") -> Uploaded:
    data = content if isinstance(content, bytes) else content.encode()
    return upload_requests(engine, "B", file=BytesIO(data), filename=filename, by=ANA)


def run(engine: Engine, statement: str) -> None:
    with engine.begin() as connection:
        connection.execute(text(statement))


def numbers(engine: Engine, statement: str) -> list[object]:
    with engine.begin() as connection:
        return list(connection.scalars(text(statement)))


def stored(engine: Engine) -> dict[str, RequestResult]:
    return {result.reference_id: result for result in results(engine, "B")}


def test_every_row_is_judged(engine: Engine, batch: BatchDetails) -> None:
    uploaded = upload(engine, FILE)

    assert uploaded == Uploaded(
        stored=4,
        pending=2,
        duplicate=1,
        invalid=1,
        skipped=0,
        known=0,
        refused_count=2,
        refused=(
            BadRow(6, "reference_id was used on line 2"),
            BadRow(7, "the row has 1 cells, the header has 3"),
        ),
    )
    found = stored(engine)
    assert {reference: one.request_status for reference, one in found.items()} == {
        "1": "PENDING",
        "2": "PENDING",
        "3": "DUPLICATE",
        "4": "INVALID",
    }
    assert found["2"].target == "(512) 555-0102"
    assert found["2"].request_variables == {"name": "Ben"}
    assert found["4"].error_message
    assert found["3"].channel_manager_status == "DUPLICATE"


def test_what_is_pending_is_due_at_once(engine: Engine, batch: BatchDetails) -> None:
    upload(engine, FILE)

    due = numbers(
        engine,
        "SELECT r.reference_id FROM queue JOIN communication_request AS r ON r.id = queue.request"
        " WHERE due_at <= clock_timestamp() ORDER BY due_at",
    )
    assert due == ["1", "2"]


def test_counts_and_history_tell_of_the_arrival(engine: Engine, batch: BatchDetails) -> None:
    upload(engine, FILE)

    details = show_batch(engine, "B")
    causes = numbers(engine, "SELECT DISTINCT cause FROM status_transition")

    assert details.to_wire()["status_counts"] == {"PENDING": 2, "DUPLICATE": 1, "INVALID": 1}
    assert details.facts.upload_filename == "late.csv"
    assert causes == ["ingest"]


def test_the_same_file_again_changes_nothing(engine: Engine, batch: BatchDetails) -> None:
    upload(engine, FILE)
    before = (show_batch(engine, "B"), stored(engine))

    again = upload(engine, FILE, filename="copy.csv")

    assert (again.stored, again.known, again.refused_count) == (0, 4, 2)
    assert (show_batch(engine, "B"), stored(engine)) == before


def test_a_known_reference_with_another_target_is_refused_with_its_line(
    engine: Engine, batch: BatchDetails
) -> None:
    upload(engine, FILE)

    again = upload(engine, HEADER + "9,+15125550109,New\n1,+15125550199,Ana\n")

    assert (again.stored, again.known) == (1, 0)
    assert [row.line for row in again.refused] == [3]
    assert "already, with another target" in again.refused[0].reason


def test_an_address_the_batch_has_already_is_a_duplicate(
    engine: Engine, batch: BatchDetails
) -> None:
    upload(engine, FILE)

    assert upload(engine, HEADER + "9,+15125550101,Ana\n").duplicate == 1
    assert upload(engine, HEADER + "10,not a number,X\n11,not a number,Y\n").invalid == 2


def test_who_opted_out_is_skipped(engine: Engine, batch: BatchDetails) -> None:
    run(
        engine,
        "INSERT INTO recipient (channel, identity, suppressed_at, suppress_reason) VALUES"
        " ('sms', '+15125550101', now(), 'unsubscribed'), ('email', '+15125550102', now(), 'bounced')",
    )

    uploaded = upload(engine, FILE)

    assert (uploaded.skipped, uploaded.pending, uploaded.duplicate) == (1, 1, 1)
    assert stored(engine)["1"].channel_manager_status == "PRIOR_UNSUBSCRIBED"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        pytest.param("", "the file is empty", id="empty"),
        pytest.param("a,b\n1,2\n", "line 1: the header has no column", id="columns"),
        pytest.param(
            HEADER.encode() + b"1,+15125550101,Ana\n2,\xe9,x\n",
            "line 3: this is not UTF-8",
            id="encoding",
        ),
    ],
)
def test_a_file_that_can_not_be_a_batch_stores_nothing_and_fails_the_batch(
    engine: Engine, batch: BatchDetails, content: str | bytes, sentence: str
) -> None:
    with pytest.raises(FileFault, match=sentence):
        upload(engine, content, filename="bad.csv")

    details = show_batch(engine, "B")
    assert (details.status, details.total) == (BatchStatus.FAILED, 0)
    assert sentence in str(details.facts.error_message)
    assert details.facts.upload_filename == "bad.csv"
    assert numbers(engine, "SELECT id FROM recipient") == []


def test_a_good_file_puts_a_failed_batch_right(engine: Engine, batch: BatchDetails) -> None:
    with pytest.raises(FileFault):
        upload(engine, "")

    upload(engine, FILE)

    assert show_batch(engine, "B").status is BatchStatus.PENDING


def test_a_repeated_file_puts_a_failed_batch_right_too(engine: Engine, batch: BatchDetails) -> None:
    upload(engine, FILE)
    with pytest.raises(FileFault):
        upload(engine, "")

    upload(engine, FILE)

    assert show_batch(engine, "B").facts.error_message is None


def test_work_that_is_added_reopens_a_finished_batch(engine: Engine, batch: BatchDetails) -> None:
    run(engine, "UPDATE communication_batch SET finished_at = now()")

    upload(engine, FILE)

    assert show_batch(engine, "B").facts.finished_at is None


def test_nothing_is_added_to_a_deleted_batch(engine: Engine, batch: BatchDetails) -> None:
    delete_batch(engine, "B", reason="User request", by=ANA)

    with pytest.raises(BatchDeleted):
        upload(engine, FILE)


def test_nothing_is_added_to_an_expired_batch(engine: Engine, batch: BatchDetails) -> None:
    run(engine, "UPDATE communication_batch SET expires_on = now()")

    with pytest.raises(BatchExpired):
        upload(engine, FILE)
    assert show_batch(engine, "B").facts.error_message is None


def test_nothing_is_added_to_an_unknown_batch(engine: Engine) -> None:
    with pytest.raises(UnknownBatch):
        upload(engine, FILE)


def test_uploads_of_one_batch_take_turns(engine: Engine, batch: BatchDetails) -> None:
    """Two files with the same people at once: each address has one request that is no duplicate."""
    people = [f"+1512555{n:04}" for n in range(200)]
    files = [
        HEADER + "".join(f"{name}{n},{person},x\n" for n, person in enumerate(order))
        for name, order in (("a", people), ("b", people[::-1]))
    ]
    done: list[Uploaded] = []
    threads = [Thread(target=lambda file=file: done.append(upload(engine, file))) for file in files]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert sorted((one.pending, one.duplicate) for one in done) == [(0, 200), (200, 0)]


def test_uploads_do_not_hold_the_batch_row_while_they_read(
    engine: Engine, batch: BatchDetails
) -> None:
    """A pause in the middle of an upload goes through."""

    class Pausing(BytesIO):
        def __next__(self) -> bytes:
            with engine.begin() as connection:
                connection.execute(text("SET LOCAL lock_timeout = '1s'"))
                connection.execute(text("UPDATE communication_batch SET paused = true"))
            return super().__next__()

    upload_requests(engine, "B", file=Pausing(FILE.encode()), filename="late.csv", by=ANA)

    assert show_batch(engine, "B").status is BatchStatus.PAUSED


def reported(engine: Engine, content: str) -> list[list[str]]:
    """The report of bad rows, whether the file could be a batch or not."""
    report = StringIO("left from yesterday\n" * 50)
    file = BytesIO(content.encode())
    with suppress(FileFault):
        upload_requests(engine, "B", file=file, filename="late.csv", by=ANA, report=report)
    return list(csv.reader(StringIO(report.getvalue())))


def test_bad_rows_are_reported_by_line_and_column(engine: Engine, batch: BatchDetails) -> None:
    expected = [
        ["line", "column", "reason"],
        ["5", "target", "target is not a phone number"],
        ["6", "reference_id", "reference_id was used on line 2"],
        ["7", "", "the row has 1 cells, the header has 3"],
    ]

    assert reported(engine, FILE) == expected
    assert reported(engine, FILE) == expected


def test_every_bad_row_is_reported(engine: Engine, batch: BatchDetails) -> None:
    same = "".join(f"same,+1512555{n:04},x\n" for n in range(REPORTED + 10))
    short = "5\n" * (REPORTED + 10)

    lines = [int(line) for line, *_ in reported(engine, HEADER + same + short)[1:]]

    assert lines == list(range(3, 2 * REPORTED + 22))


def test_a_file_that_is_no_batch_is_its_only_bad_row(engine: Engine, batch: BatchDetails) -> None:
    found = reported(engine, "reference_id,phone\n1,2\n")

    assert found[1:] == [["1", "", "line 1: the header has no column target"]]


def test_no_report_quotes_a_cell(engine: Engine, batch: BatchDetails) -> None:
    secret = "Xq7-private"
    content = HEADER + f"1,{secret},x\n{secret},+15125550101,x\n{secret},+15125550102,{secret}\n"

    found = reported(engine, content)

    assert len(found) == 3
    assert secret not in str(found)


def test_it_says_when_the_file_has_been_read(engine: Engine, batch: BatchDetails) -> None:
    file, told = BytesIO(FILE.encode()), list[int]()

    upload_requests(
        engine,
        "B",
        file=file,
        filename="late.csv",
        by=ANA,
        when_read=lambda: told.append(show_batch(engine, "B").total),
    )

    assert told == [0]
    assert show_batch(engine, "B").total == 4
