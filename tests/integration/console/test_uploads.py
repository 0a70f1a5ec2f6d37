"""A batch from a file in a browser: nothing goes out before somebody has seen what it would say."""

from uuid import uuid4

from sqlalchemy import Engine

from tests.browserless import HOST, Browserless, Seen
from tests.integration.console.conftest import FILE, SECRET, TARGETS, People
from worker.desk.audit import list_audit
from worker.desk.batches import show_batch
from worker.domain.audit import Deed
from worker.domain.callers import Role
from worker.domain.wire import to_wire


def send(browser: Browserless, file: bytes, **fields: str) -> Seen:
    """The form, as a browser sends it with a file."""
    mark = uuid4().hex
    parts = [
        f'--{mark}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in {"form_token": browser.form_token, **fields}.items()
    ]
    head = (
        f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="people.csv"\r\n'
        "Content-Type: text/csv\r\n\r\n"
    ).encode()
    body = b"".join(parts) + head + file + f"\r\n--{mark}--\r\n".encode()
    headers = {"content-type": f"multipart/form-data; boundary={mark}", "origin": f"http://{HOST}"}
    return browser._go("POST", "/batches/new", body, headers)


def test_a_file_is_looked_at_before_anything_goes_out(
    engine: Engine, batch: str, sign_in: People
) -> None:
    browser = sign_in(Role.OPERATE)
    assert "reminder" in browser.get("/batches/new").text

    fields = {"campaign": "1", "batch_id": "new.1", "starts_at": "2030-01-01T12:00"}
    seen = send(browser, FILE + b"C-0,+15125550149,again\n", **fields)
    assert seen.status == 200
    assert "Start: contact 3 people" in seen.text
    assert f"Hello {SECRET}0" in seen.text
    assert "Bad rows" in seen.text
    assert not [one for one in TARGETS if one in seen.text]
    assert show_batch(engine, "new.1").facts.paused
    assert Deed.REVEAL in [one.deed for one in list_audit(engine, batch="new.1")]

    assert browser.post("/batches/new.1/confirm", {}).status == 200
    facts = show_batch(engine, "new.1").facts
    assert (facts.paused, to_wire(facts.starts_at)) == (False, "2030-01-01T12:00:00Z")


def test_bad_rows_are_taken_away_as_a_file_that_quotes_nobody(
    engine: Engine, batch: str, sign_in: People
) -> None:
    browser = sign_in(Role.OPERATE)
    browser.get("/batches/new")
    seen = send(browser, FILE + b"C-0,+15125550149,again\n", campaign="1", batch_id="new.4")
    assert "/uploads/1/bad-rows" in seen.text
    assert "/uploads/1/bad-rows" in browser.get("/batches/new.4").text

    report = sign_in(Role.READ).get("/uploads/1/bad-rows")
    assert report.header("content-type").startswith("text/csv")
    lines = report.text.splitlines()
    assert lines[0] == "line,column,reason"
    assert [line.split(",")[0] for line in lines[1:]] == ["5", "6"]
    assert "nobody" not in report.text
    assert "50149" not in report.text
    assert browser.get("/uploads/99/bad-rows").status == 404


def test_a_file_without_bad_rows_has_no_report(batch: str, sign_in: People) -> None:
    browser = sign_in(Role.OPERATE)
    browser.get("/batches/new")
    file = b"reference_id,target,name\nC-0,+15125550142,x\n"
    assert "bad-rows" not in send(browser, file, campaign="1", batch_id="new.5").text
    assert browser.get("/uploads/1/bad-rows").status == 404


def test_a_file_that_is_no_batch_is_told_in_a_sentence(
    engine: Engine, batch: str, sign_in: People
) -> None:
    browser = sign_in(Role.OPERATE)
    browser.get("/batches/new")

    seen = send(browser, b"who,what\n1,2\n", campaign="1", batch_id="new.2")
    assert seen.status == 422
    assert "Nothing was stored" in seen.text
    assert show_batch(engine, "new.2").total == 0


def test_a_form_without_a_file_or_by_a_reader_is_refused(batch: str, sign_in: People) -> None:
    browser, reader = sign_in(Role.OPERATE), sign_in(Role.READ)
    browser.get("/batches/new")
    fields = {"campaign": "1", "batch_id": "new.3"}
    assert browser.post("/batches/new", fields).status == 422

    reader.get("/batches")
    assert reader.get("/batches/new").status == 403
    assert send(reader, FILE, **fields).status == 403
