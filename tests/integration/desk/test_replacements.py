"""A corrected row replaces a bad one, as long as nobody was ever tried for it."""

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO, StringIO

import pytest
from sqlalchemy import Engine, select, text

from tests.factories import (
    ANA,
    counted_equals_recount,
    lease,
    make_attempt,
    queue_row,
    read_request,
    transitions,
)
from tests.integration.store.test_begin import begin
from tests.sessions import Beside
from worker.desk.additions import RequestsConflict, add_in
from worker.desk.batches import show_batch
from worker.desk.intake import judge_row, lock_open_batch
from worker.desk.messages import Buried, Taken, accept
from worker.desk.request_actions import remove_in, remove_requests
from worker.desk.results import results
from worker.desk.uploads import Uploaded, upload_requests
from worker.domain.contract.batches import BatchDetails
from worker.domain.contract.new_requests import NewRequest
from worker.domain.statuses import AttemptState, RequestStatus
from worker.store import ingest, queue, schema
from worker.store.chunk_contents import read_chunk_contents
from worker.store.connect import Connection, in_transaction

HEADER = "reference_id,target,name\n"
ONE, TWO, THREE = "+15125550101", "+15125550102", "+15125550103"


@pytest.fixture(autouse=True)
def an_empty_batch(batch: BatchDetails) -> None:
    """Batch B of a text campaign."""


def upload(engine: Engine, *rows: str, replace: bool = False) -> Uploaded:
    file = BytesIO((HEADER + "".join(f"{row}\n" for row in rows)).encode())
    return upload_requests(engine, "B", file=file, filename="f.csv", by=ANA, replace=replace)


def corrected(engine: Engine, *rows: str) -> Uploaded:
    return upload(engine, *rows, replace=True)


def statuses(engine: Engine) -> dict[str, str]:
    return {one.reference_id: str(one.request_status) for one in results(engine, "B")}


def request_of(engine: Engine, reference: str) -> int:
    with engine.begin() as connection:
        query = select(schema.request.c.id).where(schema.request.c.reference_id == reference)
        return int(connection.execute(query).scalar_one())


def waiting(engine: Engine) -> set[str]:
    """The references that have a row in the queue."""
    with engine.begin() as connection:
        return set(
            connection.scalars(
                select(schema.request.c.reference_id).join(
                    schema.queue, schema.queue.c.request == schema.request.c.id
                )
            )
        )


def judged_consistently(engine: Engine) -> bool:
    """Counts hold, and exactly what is PENDING is queued."""
    pending = {name for name, status in statuses(engine).items() if status == "PENDING"}
    return counted_equals_recount(engine) and waiting(engine) == pending


@contextmanager
def replacing_by(engine: Engine, reference: str, target: str) -> Iterator[Connection]:
    """A session that has replaced a row, as an upload does, and has not committed yet."""
    with engine.connect() as connection:
        intake = lock_open_batch(connection, "B")
        row = judge_row(intake, 2, reference, target, {"name": "Ana"})
        done = ingest.add(connection, intake.facts.id, intake.channel, [row], replace=True)
        assert done.replaced == 1
        yield connection


def test_an_invalid_row_is_replaced_and_due(engine: Engine) -> None:
    upload(engine, "1,not a number,Ana")

    done = corrected(engine, f"1,{ONE},Ana Maria")

    assert (done.replaced, done.stored, done.known, done.refused_count) == (1, 0, 0, 0)
    row = read_request(engine, request_of(engine, "1"))
    assert (row["request_status"], row["target"], row["address"]) == ("PENDING", ONE, ONE)
    assert (row["error_code"], row["error_message"]) == (None, None)
    assert row["request_variables"] == {"name": "Ana Maria"}
    assert judged_consistently(engine)


def test_a_waiting_row_is_replaced_without_its_lease_and_told(engine: Engine) -> None:
    upload(engine, f"1,{ONE},Anna")
    request = request_of(engine, "1")
    lease(engine, request)

    assert corrected(engine, f"1,{TWO},Ana").replaced == 1

    row = queue_row(engine, request)
    assert row is not None
    assert (row["lease_token"], row["lease_until"], row["claims"]) == (None, None, 0)
    assert transitions(engine, request)[-1] == ("PENDING", "PENDING", "operator")
    with engine.begin() as connection:
        told = text("SELECT detail FROM status_transition ORDER BY id DESC LIMIT 1")
        assert connection.scalar(told) == "replaced"
    assert judged_consistently(engine)


def test_a_removed_row_is_replaced(engine: Engine) -> None:
    upload(engine, f"1,{ONE},Ana")
    remove_requests(engine, "B", ["1"], by=ANA)

    assert corrected(engine, f"1,{TWO},Ana").replaced == 1

    assert statuses(engine) == {"1": "PENDING"}
    assert transitions(engine, request_of(engine, "1"))[-1] == ("CANCELED", "PENDING", "operator")
    assert judged_consistently(engine)


def test_a_duplicate_with_a_number_of_its_own_is_one_no_more(engine: Engine) -> None:
    upload(engine, f"1,{ONE},Ana", f"2,{ONE},Ben")

    assert corrected(engine, f"2,{TWO},Ben").replaced == 1

    assert statuses(engine) == {"1": "PENDING", "2": "PENDING"}
    assert judged_consistently(engine)


def test_a_row_that_becomes_somebody_elses_is_a_duplicate(engine: Engine) -> None:
    upload(engine, f"1,{ONE},Ana", f"2,{TWO},Ben")

    assert corrected(engine, f"2,{ONE},Ben").replaced == 1

    assert statuses(engine) == {"1": "PENDING", "2": "DUPLICATE"}
    assert judged_consistently(engine)


def test_what_repeated_only_what_was_replaced_stands_for_itself(engine: Engine) -> None:
    upload(engine, f"1,{ONE},Ana", f"2,{ONE},Ben", f"3,{ONE},Cy")

    corrected(engine, f"1,{TWO},Ana")

    assert statuses(engine) == {"1": "PENDING", "2": "PENDING", "3": "DUPLICATE"}
    assert transitions(engine, request_of(engine, "2"))[-1] == ("DUPLICATE", "PENDING", "ingest")
    assert judged_consistently(engine)


def test_what_repeats_somebody_who_opted_out_is_skipped(engine: Engine) -> None:
    upload(engine, f"1,{ONE},Ana", f"2,{ONE},Ben")
    with engine.begin() as connection:
        connection.execute(
            text("UPDATE recipient SET suppressed_at = now(), suppress_reason = 'unsubscribed'")
        )

    corrected(engine, f"1,{TWO},Ana")

    assert statuses(engine) == {"1": "PENDING", "2": "SKIPPED"}
    assert judged_consistently(engine)


def test_two_rows_that_change_places_are_both_due(engine: Engine) -> None:
    upload(engine, f"1,{ONE},Ana", f"2,{TWO},Ben")

    assert corrected(engine, f"1,{TWO},Ana", f"2,{ONE},Ben").replaced == 2

    assert statuses(engine) == {"1": "PENDING", "2": "PENDING"}
    assert read_request(engine, request_of(engine, "1"))["address"] == TWO
    assert judged_consistently(engine)


def test_new_words_for_the_same_person_make_no_duplicate(engine: Engine) -> None:
    upload(engine, f"1,{ONE},Anna", f"2,{ONE},Ben")

    assert corrected(engine, f"1,{ONE},Ana").replaced == 1

    assert statuses(engine) == {"1": "PENDING", "2": "DUPLICATE"}


def test_who_keeps_an_address_keeps_it_before_those_that_repeat_it(engine: Engine) -> None:
    upload(engine, f"1,{ONE},Ana", f"2,{TWO},Ben")
    corrected(engine, f"1,{TWO},Ana")
    assert statuses(engine) == {"1": "DUPLICATE", "2": "PENDING"}

    corrected(engine, f"2,{TWO},Benno")

    assert statuses(engine) == {"1": "DUPLICATE", "2": "PENDING"}


def test_a_corrected_file_may_bring_new_rows_too(engine: Engine) -> None:
    upload(engine, "1,bad,Ana", f"2,{TWO},Ben")

    done = corrected(engine, f"1,{ONE},Ana", f"2,{TWO},Ben", f"3,{ONE},Cy", f"4,{THREE},Di")

    assert (done.replaced, done.known, done.stored) == (1, 1, 2)
    assert statuses(engine) == {"1": "PENDING", "2": "PENDING", "3": "DUPLICATE", "4": "PENDING"}
    assert judged_consistently(engine)


def test_the_same_correction_again_changes_nothing(engine: Engine) -> None:
    upload(engine, "1,bad,Ana")
    corrected(engine, f"1,{ONE},Ana")
    before = show_batch(engine, "B")

    again = corrected(engine, f"1,{ONE},Ana")

    assert (again.replaced, again.known) == (0, 1)
    assert show_batch(engine, "B") == before


TRIED: dict[str, tuple[AttemptState, RequestStatus]] = {
    "under way": (AttemptState.SENDING, RequestStatus.INITIATED),
    "never sent and due again": (AttemptState.NOT_SENT, RequestStatus.PENDING),
    "reached": (AttemptState.DONE, RequestStatus.COMPLETED),
    "refused": (AttemptState.REFUSED, RequestStatus.INVALID),
    "in doubt for good": (AttemptState.UNRESOLVED, RequestStatus.FAILED),
}


@pytest.mark.parametrize("how", TRIED)
def test_whoever_was_tried_is_not_replaced(engine: Engine, how: str) -> None:
    upload(engine, f"1,{ONE},Ana")
    state, status = TRIED[how]
    make_attempt(engine, request=request_of(engine, "1"), state=state, status=status)

    done = corrected(engine, f"1,{TWO},Ana")

    assert (done.replaced, done.refused_count) == (0, 1)
    assert "can't be replaced" in done.refused[0].reason
    assert read_request(engine, request_of(engine, "1"))["address"] == ONE


@pytest.mark.parametrize("status", ["SKIPPED", "FAILED"])
def test_what_was_judged_otherwise_is_not_replaced(engine: Engine, status: str) -> None:
    upload(engine, f"1,{ONE},Ana")
    with engine.begin() as connection:
        connection.execute(text(f"UPDATE communication_request SET request_status = '{status}'"))  # noqa: S608
        connection.execute(text("DELETE FROM queue"))

    assert corrected(engine, f"1,{TWO},Ana").refused_count == 1


def test_a_target_that_is_no_number_replaces_nothing(engine: Engine) -> None:
    upload(engine, f"1,{ONE},Ana")

    assert corrected(engine, "1,bad,Ana").refused_count == 1

    assert statuses(engine) == {"1": "PENDING"}


def test_without_being_asked_nothing_is_replaced(engine: Engine) -> None:
    upload(engine, "1,bad,Ana")

    done = upload(engine, f"1,{ONE},Ana")

    assert (done.replaced, done.refused_count) == (0, 1)
    assert statuses(engine) == {"1": "INVALID"}


def test_what_is_replaced_between_render_and_begin_is_not_begun(engine: Engine) -> None:
    """The worker has rendered the old words for the old number."""
    upload(engine, f"1,{ONE},Anna")
    chunk = lease(engine, request_of(engine, "1"))
    with engine.begin() as connection:
        assert read_chunk_contents(connection, chunk).drafts[0].address == ONE

    corrected(engine, f"1,{TWO},Ana")

    with engine.begin() as connection:
        assert begin(connection, chunk) == ([], {})
    anew = lease(engine, request_of(engine, "1"))
    with engine.begin() as connection:
        assert read_chunk_contents(connection, anew).drafts[0].address == TWO


def test_begin_waits_for_a_replacement_and_finds_nothing(engine: Engine) -> None:
    upload(engine, f"1,{ONE},Anna")
    chunk = lease(engine, request_of(engine, "1"))
    with (
        replacing_by(engine, "1", TWO) as replacing,
        Beside(engine, lambda c: begin(c, chunk)) as beginning,
    ):
        beginning.wait_until_blocked()
        replacing.commit()

        assert beginning.result() == ([], {})


def test_a_replacement_waits_for_begin_and_finds_an_attempt(engine: Engine) -> None:
    upload(engine, f"1,{ONE},Anna")
    chunk = lease(engine, request_of(engine, "1"))

    def replace(_: Connection) -> Uploaded:
        return corrected(engine, f"1,{TWO},Ana")

    with engine.connect() as worker:
        begun, _ = begin(worker, chunk)
        with Beside(engine, replace) as replacing:
            replacing.wait_until_blocked()
            worker.commit()

            assert replacing.result().refused_count == 1

    assert len(begun) == 1
    assert read_request(engine, request_of(engine, "1"))["address"] == ONE


def test_a_removal_that_waited_for_a_replacement_leaves_nothing_queued(engine: Engine) -> None:
    upload(engine, f"1,{ONE},Anna")
    with (
        replacing_by(engine, "1", TWO) as replacing,
        Beside(engine, lambda c: remove_in(c, "B", ["1"], by=ANA)) as removing,
    ):
        removing.wait_until_blocked()
        replacing.commit()
        assert removing.result() == 1

    assert statuses(engine) == {"1": "CANCELED"}
    assert judged_consistently(engine)


def test_a_render_that_failed_on_the_old_words_does_not_close_the_new(engine: Engine) -> None:
    upload(engine, f"1,{ONE},")
    request = request_of(engine, "1")
    chunk = lease(engine, request)

    def fail(connection: Connection) -> None:
        queue.fail_unsent(connection, chunk.lease, "render", [(request, "name is empty")])

    with replacing_by(engine, "1", ONE) as replacing, Beside(engine, fail) as failing:
        failing.wait_until_blocked()
        replacing.commit()
        failing.result()

    assert statuses(engine) == {"1": "PENDING"}


def test_who_opts_out_meanwhile_is_not_made_due(engine: Engine) -> None:
    upload(engine, "1,bad,Ana", f"2,{ONE},Ben")
    with engine.connect() as opting_out:
        opting_out.execute(
            text(
                "UPDATE recipient SET suppressed_at = now(), suppress_reason = 'unsubscribed'"
                " WHERE identity = :who"
            ),
            {"who": ONE},
        )

        def replace(_: Connection) -> Uploaded:
            return corrected(engine, f"2,{ONE},Benno")

        with Beside(engine, replace) as replacing:
            replacing.wait_until_blocked()
            opting_out.commit()
            replacing.result()

    assert statuses(engine)["2"] == "SKIPPED"


def test_a_replacement_holds_no_batch_that_begin_needs(engine: Engine) -> None:
    """begin holds the batch and waits for our recipients: the batch is noted after our commit."""
    upload(engine, f"1,{ONE},Ana", f"2,{TWO},Ben")
    chunk = lease(engine, request_of(engine, "2"))
    with replacing_by(engine, "1", THREE) as replacing:
        begun, _ = in_transaction(engine, begin, chunk)
        replacing.commit()

    assert len(begun) == 1


def test_an_opt_out_waits_for_a_replacement_and_is_heard_by_begin(engine: Engine) -> None:
    upload(engine, f"1,{ONE},Anna")
    opt_out = "UPDATE recipient SET suppressed_at = now(), suppress_reason = 'unsubscribed'"
    with (
        replacing_by(engine, "1", ONE) as replacing,
        Beside(engine, lambda c: c.execute(text(opt_out))) as opting_out,
    ):
        opting_out.wait_until_blocked()
        replacing.commit()
        opting_out.result()

    chunk = lease(engine, request_of(engine, "1"))
    _, handed_back = in_transaction(engine, begin, chunk)
    assert list(handed_back.values()) == ["suppressed"]


def test_an_upload_that_replaces_is_no_part_of_a_deadlock_with_begin(engine: Engine) -> None:
    """begin holds the batch and waits for a recipient of ours: the batch is noted after our commit."""
    upload(engine, f"1,{ONE},Anna")
    chunk = lease(engine, request_of(engine, "1"))
    tries: list[Connection] = []

    def count_and_begin(connection: Connection) -> object:
        tries.append(connection)
        return begin(connection, chunk)

    class Reporting(StringIO):
        beside: Beside[object] | None = None

        def flush(self) -> None:
            self.beside = Beside(engine, count_and_begin)
            self.beside.wait_until_blocked()

    report, file = Reporting(), BytesIO(f"{HEADER}1,{TWO},Ana\n".encode())
    done = upload_requests(
        engine, "B", file=file, filename="f.csv", by=ANA, report=report, replace=True
    )

    assert report.beside is not None
    with report.beside as beginning:
        assert beginning.result() == ([], {})
    assert (done.replaced, len(tries)) == (1, 1)
    assert show_batch(engine, "B").facts.upload_filename == "f.csv"


def test_a_message_replaces_where_it_says_so(engine: Engine) -> None:
    upload(engine, "1,bad,Ana")
    payload = {
        "batch_id": "B",
        "requests": [{"reference_id": "1", "target": ONE, "request_variables": {"name": "Ana"}}],
    }

    assert isinstance(accept(engine, "outreach.add_requests", "a", payload), Buried)
    taken = accept(engine, "outreach.add_requests", "b", payload | {"replace": True})

    assert isinstance(taken, Taken)
    assert statuses(engine) == {"1": "PENDING"}
    assert judged_consistently(engine)


def test_a_message_that_can_not_replace_all_replaces_nothing(engine: Engine) -> None:
    upload(engine, "1,bad,Ana", f"2,{TWO},Ben")
    make_attempt(engine, request=request_of(engine, "2"))
    both = [new("1", ONE), new("2", THREE)]

    with pytest.raises(RequestsConflict, match="can't be replaced"):
        in_transaction(engine, add_in, "B", both, by=ANA, replace=True)

    assert statuses(engine)["1"] == "INVALID"


def new(reference: str, target: str) -> NewRequest:
    return NewRequest(reference_id=reference, target=target, request_variables={"name": "Ana"})
