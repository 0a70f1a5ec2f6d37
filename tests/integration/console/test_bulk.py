"""Deeds over all that match, in a browser: counted, confirmed by their number, watched, stopped."""

import re
from html import unescape

import pytest
from sqlalchemy import Engine, text

from tests.browserless import Browserless, Seen
from tests.factories import make_attempt, make_request
from tests.integration.console.conftest import TARGETS, People
from worker.desk.bulk_deeds import go_on, show_bulk
from worker.domain.callers import Role
from worker.domain.statuses import AttemptState
from worker.store import dead_letters
from worker.store.connect import in_transaction

FIELD = re.compile(r'<input type="hidden" name="([a-z_]+)" value="([^"]*)">')
ONCE = re.compile(r'name="once" value="([0-9a-f-]{36})"')


@pytest.fixture
def failed(engine: Engine, batch: str) -> str:
    """Two of the batch's three people were busy."""
    with engine.begin() as connection:
        connection.execute(
            text("""
                WITH gone AS (
                    DELETE FROM queue WHERE request IN (
                        SELECT id FROM communication_request WHERE reference_id IN ('C-0', 'C-1')
                    ) RETURNING request
                )
                UPDATE communication_request AS r SET request_status = 'FAILED',
                    channel_manager_status = 'BUSY', moved_by = 'callback'
                FROM gone WHERE r.id = gone.request
            """)
        )
    return batch


def confirm(browser: Browserless, asked: Seen, **changes: str) -> Seen:
    found = ONCE.search(asked.text)
    assert found
    form = {"deed": "retry", "batch": "20271121.1", "outcome": "BUSY", "counted": "2", "count": "2"}
    return browser.post("/bulk/new", form | {"once": found[1]} | changes)


def ask(browser: Browserless, batch: str) -> Seen:
    return browser.get(f"/bulk/new?deed=retry&batch={batch}&outcome=BUSY")


def test_their_number_is_typed_and_then_it_goes_on_by_itself(
    engine: Engine, failed: str, sign_in: People
) -> None:
    browser = sign_in(Role.OPERATE)
    assert "Retry failed" in browser.get(f"/batches/{failed}").text
    assert "Retry all of these" in browser.get(f"/batches/{failed}?status=FAILED&outcome=BUSY").text
    asked = ask(browser, failed)
    assert "Retry 2 people" in asked.text

    assert confirm(browser, asked, count="3").status == 422
    assert not go_on(engine)
    begun = confirm(browser, asked, why="lines were down")
    assert begun.status == 200
    assert "0</b> of 2 queued once more" in begun.text
    assert "lines were down" in begun.text
    assert "Retry 2 people" in browser.get(f"/batches/{failed}").text

    assert go_on(engine)
    assert "2</b> of 2 queued once more" in browser.get("/bulk/1").text
    assert not [one for one in TARGETS if one in begun.text]


def test_the_form_sent_twice_is_one_deed_and_a_broken_one_is_refused(
    engine: Engine, failed: str, sign_in: People
) -> None:
    browser = sign_in(Role.OPERATE)
    asked = ask(browser, failed)
    confirm(browser, asked)
    confirm(browser, asked)

    assert browser.get("/bulk/1").status == 200
    assert browser.get("/bulk/2").status == 404
    for wrong in ({"once": "x"}, {"deed": "delete"}, {"batch": ""}, {"count": "all"}):
        assert confirm(browser, asked, **wrong).status == 422


def test_it_is_stopped_by_a_button(engine: Engine, failed: str, sign_in: People) -> None:
    browser = sign_in(Role.OPERATE)
    confirm(browser, ask(browser, failed))
    seen = browser.post("/bulk/1/stop", {})

    assert "stopped by operate@example.com" in seen.text
    assert not go_on(engine)
    assert show_bulk(engine, 1).done == 0


def test_a_reader_sees_it_and_changes_nothing(engine: Engine, failed: str, sign_in: People) -> None:
    browser, reader = sign_in(Role.OPERATE), sign_in(Role.READ)
    confirm(browser, ask(browser, failed))

    assert "/stop" not in reader.get("/bulk/1").text
    assert reader.post("/bulk/1/stop", {}).status == 403
    assert ask(reader, failed).status == 403
    assert reader.post("/bulk/new", {}).status == 403
    assert show_bulk(engine, 1).finished_at is None


def test_where_nobody_matches_that_is_said(batch: str, sign_in: People) -> None:
    assert "Nobody is like that now" in ask(sign_in(Role.OPERATE), batch).text


@pytest.mark.parametrize(
    "path",
    ["/bulk/99", "/requests/99", "/people/99", "/dead-letters/99", "/batches/x", "/campaigns/99"],
)
def test_there_is_no_page_of_what_is_not_there(path: str, sign_in: People) -> None:
    assert sign_in(Role.READ).get(path).status == 404


def order_of(seen: Seen) -> dict[str, str]:
    """The form that stands on a page, as a browser would send it; its number is not typed yet."""
    return dict(FIELD.findall(seen.text))


@pytest.mark.parametrize(
    ("listed", "link", "order", "told"),
    [
        ("/batches?matching=2027", "Pause all of these", "Pause 1 batch", "named like “2027”"),
        ("/batches", "Pause all", "Pause 1 batch", "Batches</a> that can still go out"),
        ("/doubts?channel=voice", "Count these 1 as sent", "Count as sent 1 doubt", "by voice"),
        ("/doubts", "Allow a retry of all 1", "Allow a retry of 1 doubt", "may decide about"),
        ("/doubts?kind=callback", "Discard all of these", "Discard 1 dead letter", "kind callback"),
        ("/doubts", "Replay all", "Replay 1 dead letter", "can be taken in again"),
    ],
)
def test_every_list_lets_all_that_match_be_done_once_their_number_was_typed(
    engine: Engine, batch: str, sign_in: People, listed: str, link: str, order: str, told: str
) -> None:
    make_attempt(engine, state=AttemptState.IN_DOUBT, request=make_request(engine, batch=1))
    for kind in ("message", "callback"):
        in_transaction(
            engine,
            dead_letters.bury,
            kind=kind,
            reason="x",
            payload="{}",
            task="t",
            message_id=kind,
        )
    browser = sign_in(Role.OPERATE)
    address = re.search(rf'href="(/bulk/new[^"]*)">{link}…', browser.get(listed).text)
    assert address, "the list shows the way"
    asked = browser.get(unescape(address[1]))
    form = order_of(asked)
    assert f"<h1>{order}</h1>" in asked.text
    assert told in asked.text

    assert browser.post("/bulk/new", form | {"count": "2"}).status == 422
    assert not go_on(engine)
    begun = browser.post("/bulk/new", form | {"count": "1"})
    assert f"<h1>{order}</h1>" in begun.text
    assert order in browser.get(listed).text
    assert go_on(engine)
    assert "finished" in browser.get("/bulk/1").text


def test_only_doubts_of_the_batch_and_channel_that_are_asked_for_are_listed(
    engine: Engine, batch: str, sign_in: People
) -> None:
    make_attempt(engine, state=AttemptState.IN_DOUBT, request=make_request(engine, batch=1))
    reader = sign_in(Role.READ)

    for asked, listed in (("channel=voice", True), ("channel=sms", False), ("batch=other", False)):
        assert (f'href="/batches/{batch}"' in reader.get(f"/doubts?{asked}").text) is listed


def test_whoever_reads_finds_no_such_button(engine: Engine, batch: str, sign_in: People) -> None:
    make_attempt(engine, state=AttemptState.IN_DOUBT)
    in_transaction(engine, dead_letters.bury, reason="x", payload="{}", task="t", message_id="m")
    reader = sign_in(Role.READ)

    assert batch in reader.get("/batches").text
    assert "Dead letters" in reader.get("/doubts").text
    assert "/bulk/new" not in reader.get("/batches").text + reader.get("/doubts").text
