"""Batches in a browser: seen, held, let go, changed, tried again, deleted, taken away as a file."""

from io import BytesIO

import pytest
from sqlalchemy import Engine, text

from tests.browserless import Browserless
from tests.integration.console.conftest import SECRET, TARGETS, People
from worker.desk.audit import list_audit
from worker.desk.batches import show_batch
from worker.desk.uploads import upload_requests
from worker.domain.audit import Deed
from worker.domain.callers import Role
from worker.domain.statuses import BatchStatus
from worker.runtime import Runtime

BY = "ana@example.com"


def open_batch(browser: Browserless, batch: str) -> str:
    seen = browser.get(f"/batches/{batch}")
    assert seen.status == 200
    return seen.text


def test_a_batch_shows_its_people_masked_and_why_the_rest_waits(
    batch: str, sign_in: People
) -> None:
    shown = open_batch(sign_in(Role.READ), batch)

    assert "+1 512 ··· ··42" in shown
    assert "paced at 1,200 an hour: one every 3 s" in shown
    assert "nothing is halted" in shown
    assert "3 wait" in shown
    assert "1 skipped" in shown
    assert SECRET not in shown
    assert not [one for one in TARGETS if one in shown]


def test_the_list_finds_by_name_status_and_standing(batch: str, sign_in: People) -> None:
    browser = sign_in(Role.READ)

    assert batch in browser.get("/batches?matching=REMIND&standing=unfinished").text
    assert batch not in browser.get("/batches?matching=nothing").text
    assert batch not in browser.get("/batches?standing=finished").text
    assert batch not in browser.get("/batches?status=PAUSED").text


def test_a_pause_has_a_reason_and_says_when_nothing_more_can_go_out(
    engine: Engine, batch: str, sign_in: People
) -> None:
    browser = sign_in(Role.OPERATE)
    open_batch(browser, batch)

    assert browser.post(f"/batches/{batch}/pause", {"why": ""}).status == 422
    seen = browser.post(f"/batches/{batch}/pause", {"why": "wrong list"})

    assert "Nothing more can go out." in seen.text
    assert show_batch(engine, batch).facts.paused
    assert (list_audit(engine)[0].deed, list_audit(engine)[0].why) == (Deed.PAUSE, "wrong list")
    assert "Nothing more can go out." not in browser.post(f"/batches/{batch}/resume", {}).text
    assert not show_batch(engine, batch).facts.paused


def test_what_is_on_its_way_is_said_as_long_as_it_is(
    engine: Engine, batch: str, sign_in: People
) -> None:
    with engine.begin() as connection:
        connection.execute(
            text("""
                INSERT INTO attempt (request, batch, recipient, channel, source, attempt_number,
                    token, state, send_by, check_at)
                SELECT id, batch, recipient, 'voice', '+15125550100', 1, gen_random_uuid(), 'SENDING',
                    clock_timestamp() + interval '1 hour', clock_timestamp() + interval '1 hour'
                FROM communication_request WHERE reference_id = 'C-0'
            """)
        )
    browser = sign_in(Role.OPERATE)
    open_batch(browser, batch)

    shown = browser.post(f"/batches/{batch}/pause", {"why": "stop"}).text
    assert "1 person may still be reached" in shown
    assert "Nothing more can go out." not in shown


def test_its_pace_and_end_are_changed(engine: Engine, batch: str, sign_in: People) -> None:
    browser = sign_in(Role.OPERATE)
    open_batch(browser, batch)
    browser.post(f"/batches/{batch}/change", {"call_rate": "600", "expires_on": "2030-01-01T12:00"})

    facts = show_batch(engine, batch).facts
    assert facts.call_rate == 600
    assert facts.expires_on is not None
    assert facts.expires_on.isoformat() == "2030-01-01T12:00:00+00:00"
    for wrong in ({"call_rate": "fast"}, {"expires_on": "soon"}, {}, {"call_rate": "-1"}):
        assert browser.post(f"/batches/{batch}/change", wrong).status == 422


def test_its_start_is_changed(engine: Engine, batch: str, sign_in: People) -> None:
    browser = sign_in(Role.OPERATE)
    open_batch(browser, batch)
    browser.post(f"/batches/{batch}/change", {"starts_at": "2030-01-01T12:00"})

    starts = show_batch(engine, batch).facts.starts_at
    assert starts is not None
    assert starts.isoformat() == "2030-01-01T12:00:00+00:00"
    assert " · starts " in open_batch(browser, batch)
    assert browser.post(f"/batches/{batch}/change", {"starts_at": "soon"}).status == 422


def test_deleting_asks_for_a_reason_and_its_name(
    engine: Engine, batch: str, sign_in: People
) -> None:
    browser = sign_in(Role.ADMIN)
    open_batch(browser, batch)

    assert browser.post(f"/batches/{batch}/delete", {"why": "x", "name": "other"}).status == 422
    assert browser.post(f"/batches/{batch}/delete", {"why": "", "name": batch}).status == 422
    assert show_batch(engine, batch).facts.deleted_at is None
    assert browser.post(f"/batches/{batch}/delete", {"why": "wrong", "name": batch}).status == 200
    assert show_batch(engine, batch).facts.deleted_reason == "wrong"


def test_ending_it_now_asks_for_its_name(engine: Engine, batch: str, sign_in: People) -> None:
    browser = sign_in(Role.OPERATE)
    open_batch(browser, batch)

    assert browser.post(f"/batches/{batch}/expire", {"name": "other"}).status == 422
    assert show_batch(engine, batch).facts.expires_on is None
    assert browser.post(f"/batches/{batch}/expire", {"name": batch}).status == 200
    assert show_batch(engine, batch).status is BatchStatus.EXPIRED
    assert browser.post(f"/batches/{batch}/expire", {"name": batch}).status == 409


def test_an_export_of_a_filter_has_nobody_else(batch: str, sign_in: People) -> None:
    browser = sign_in(Role.OPERATE)
    open_batch(browser, batch)
    form = {"status": "INVALID", "outcome": "INVALID"}
    seen = browser.post(f"/batches/{batch}/export", form)

    assert "C-9" in seen.text
    assert TARGETS[0] not in seen.text
    waiting = browser.post(f"/batches/{batch}/export", {"status": "PENDING"})
    assert TARGETS[0] in waiting.text
    assert "C-9" not in waiting.text


def test_an_export_names_people_and_is_written_down(
    engine: Engine, batch: str, sign_in: People
) -> None:
    browser = sign_in(Role.OPERATE)
    open_batch(browser, batch)
    seen = browser.post(f"/batches/{batch}/export", {})

    assert seen.header("content-type").startswith("text/csv")
    assert seen.header("cache-control") == "no-store"
    assert TARGETS[0] in seen.text
    assert f"{SECRET}0" in seen.text
    assert (list_audit(engine)[0].deed, list_audit(engine)[0].by) == (
        Deed.EXPORT,
        "operate@example.com",
    )


def test_a_page_of_requests_goes_on_behind_the_last(
    engine: Engine, runtime: Runtime, batch: str, sign_in: People
) -> None:
    rows = "".join(f"D-{n:03},+1512555{n:04},x\n" for n in range(200, 290))
    file = BytesIO(f"reference_id,target,name\n{rows}".encode())
    upload_requests(runtime.patient_engine, batch, file=file, filename="more.csv", by=BY)
    browser = sign_in(Role.READ)

    first = open_batch(browser, batch)
    assert "C-0<" in first
    assert "D-245<" in first
    assert "D-246<" not in first
    second = browser.get(f"/batches/{batch}?after=D-245").text
    assert "D-246<" in second
    assert "Further ones" not in second
    assert "C-9<" in browser.get(f"/batches/{batch}?status=INVALID").text


def test_there_is_no_page_of_a_batch_that_is_not_there(sign_in: People) -> None:
    seen = sign_in(Role.READ).get("/batches/nothing")

    assert seen.status == 404
    assert "There is no batch 'nothing'." in seen.text.replace("&#39;", "'")


@pytest.mark.parametrize("deed", ["pause", "resume", "change", "expire", "delete", "export"])
def test_a_reader_changes_nothing(deed: str, engine: Engine, batch: str, sign_in: People) -> None:
    browser = sign_in(Role.READ)
    shown = open_batch(browser, batch)
    before = show_batch(engine, batch)

    assert browser.post(f"/batches/{batch}/{deed}", {"why": "x", "name": batch}).status == 403
    assert f"/{deed}" not in shown
    assert show_batch(engine, batch) == before
