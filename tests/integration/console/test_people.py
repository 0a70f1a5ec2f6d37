"""One request and one person: masked, revealed and written down; suppressed and lifted."""

import pytest
from sqlalchemy import Engine, text

from tests.integration.console.conftest import SECRET, TARGETS, People
from worker.desk.audit import list_audit
from worker.desk.suppression_lifts import list_suppressed
from worker.domain.audit import Deed
from worker.domain.callers import Role


def request_of(engine: Engine, reference: str) -> int:
    with engine.connect() as connection:
        found = text("SELECT id FROM communication_request WHERE reference_id = :reference")
        return int(connection.scalar(found, {"reference": reference}) or 0)


def test_a_request_is_masked_until_it_is_revealed_and_that_is_written_down(
    engine: Engine, batch: str, sign_in: People
) -> None:
    request, browser = request_of(engine, "C-0"), sign_in(Role.OPERATE)
    masked = browser.get(f"/requests/{request}")
    assert "+1 512 ··· ··42" in masked.text
    assert TARGETS[0] not in masked.text
    assert SECRET not in masked.text
    assert Deed.REVEAL not in [one.deed for one in list_audit(engine)]

    shown = browser.post(f"/requests/{request}/reveal", {})
    assert TARGETS[0] in shown.text
    assert f"Hello {SECRET}0" in shown.text
    assert shown.header("cache-control") == "no-store"
    told = list_audit(engine)[0]
    assert (told.deed, told.subject, told.by) == (
        Deed.REVEAL,
        f"request {request}",
        "operate@example.com",
    )
    assert TARGETS[0] not in browser.get(f"/requests/{request}").text


def test_a_reader_reveals_nobody(engine: Engine, batch: str, sign_in: People) -> None:
    request, browser = request_of(engine, "C-0"), sign_in(Role.READ)
    assert "/reveal" not in browser.get(f"/requests/{request}").text

    assert browser.post(f"/requests/{request}/reveal", {}).status == 403
    assert Deed.REVEAL not in [one.deed for one in list_audit(engine)]


def test_a_request_says_what_holds_it(engine: Engine, batch: str, sign_in: People) -> None:
    shown = sign_in(Role.READ).get(f"/requests/{request_of(engine, 'C-0')}").text

    assert "Why it waits" in shown
    assert "the person may be contacted" in shown
    assert "due now" in shown


def test_what_has_not_begun_is_taken_back(engine: Engine, batch: str, sign_in: People) -> None:
    request, browser = request_of(engine, "C-1"), sign_in(Role.OPERATE)
    browser.get(f"/requests/{request}")

    seen = browser.post(f"/requests/{request}/remove", {}).text
    assert '<b>pending</b> <span class="soft">it came in</span>' in seen
    assert "<b>canceled" in seen


@pytest.mark.parametrize(
    "typed", ["+15125550142", "(512) 555-0142", "512 555 0142", " +1 512 555 01 42 "]
)
def test_a_person_is_found_as_they_are_typed(typed: str, batch: str, sign_in: People) -> None:
    browser = sign_in(Role.READ)
    browser.get("/people")
    seen = browser.post("/people", {"who": typed})

    assert seen.status == 200
    assert batch in seen.text
    assert "C-0" in seen.text
    assert "C-1" not in seen.text
    assert TARGETS[0] not in seen.text


def test_what_names_nobody_is_said_so(batch: str, sign_in: People) -> None:
    browser = sign_in(Role.READ)
    browser.get("/people")

    assert browser.post("/people", {"who": "nonsense"}).status == 409
    assert "Nobody by that name" in browser.post("/people", {"who": "+4930123456"}).text


def test_a_person_is_suppressed_and_the_act_lifted_with_a_reason(
    engine: Engine, batch: str, sign_in: People
) -> None:
    browser = sign_in(Role.ADMIN)
    browser.get("/people")
    page = browser.post("/people", {"who": TARGETS[0]}).text
    path = page.split('action="/people/')[2].split('"')[0]
    assert path.endswith("/suppress")

    shown = browser.post(f"/people/{path}", {}).text
    assert "suppressed: unsubscribed" in shown
    (act,) = list_suppressed(engine, None, limit=10)
    assert browser.post(f"/suppressions/{act.id}/lift", {"why": ""}).status == 422
    assert browser.post(f"/suppressions/{act.id}/lift", {"why": "asked for it"}).status == 200
    assert list_suppressed(engine, None, limit=10) == []
    told = [(one.deed, one.by, one.why) for one in list_audit(engine)[:2]]
    assert told == [
        (Deed.LIFT, "admin@example.com", "asked for it"),
        (Deed.SUPPRESS, "admin@example.com", "unsubscribed"),
    ]


def test_somebody_unknown_is_suppressed_by_typing_them(engine: Engine, sign_in: People) -> None:
    browser = sign_in(Role.OPERATE)
    browser.get("/people")
    browser.post("/suppressions", {"target": "+1 512 555 0199", "channel": "sms"})

    assert [one.address for one in list_suppressed(engine, None, limit=10)] == ["+15125550199"]
    assert browser.post("/suppressions", {"target": "x", "channel": "sms"}).status == 409
    assert browser.post("/suppressions", {"target": "x", "channel": ""}).status == 422


def test_a_persons_address_is_revealed_and_that_is_written_down(
    engine: Engine, batch: str, sign_in: People
) -> None:
    browser = sign_in(Role.OPERATE)
    browser.get("/people")
    page = browser.post("/people", {"who": TARGETS[0]}).text
    path = page.split('action="/people/')[1].split('"')[0]

    assert TARGETS[0] in browser.post(f"/people/{path}", {}).text
    assert list_audit(engine)[0].deed is Deed.REVEAL


def test_a_batch_and_a_reference_are_found_where_people_are(
    engine: Engine, batch: str, sign_in: People
) -> None:
    browser = sign_in(Role.READ)
    browser.get("/people")

    assert f"<h1>{batch}</h1>" in browser.post("/people", {"who": batch}).text
    assert "<h1>C-1</h1>" in browser.post("/people", {"who": "C-1"}).text
    nothing = browser.post("/people", {"who": "C-77"})
    assert nothing.status == 409
    assert "No phone number and no mailbox" in nothing.text or "no phone number" in nothing.text


def test_a_row_is_replaced_once_it_is_revealed_and_never_when_somebody_was_tried(
    engine: Engine, batch: str, sign_in: People
) -> None:
    request, browser = request_of(engine, "C-0"), sign_in(Role.OPERATE)
    assert "/replace" not in browser.get(f"/requests/{request}").text
    assert f"/requests/{request}/replace" in browser.post(f"/requests/{request}/reveal", {}).text

    form = {"target": "+15125550149", "variable name": "Trillian"}
    assert "Replaced" in browser.post(f"/requests/{request}/replace", form).text
    assert "Hello Trillian" in browser.post(f"/requests/{request}/reveal", {}).text
    assert list_audit(engine, batch=batch)[0].deed is Deed.REPLACE
    assert browser.post(f"/requests/{request}/replace", {"target": ""}).status == 422
    assert sign_in(Role.READ).post(f"/requests/{request}/replace", form).status == 403
