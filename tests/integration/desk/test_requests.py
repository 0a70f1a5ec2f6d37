from io import BytesIO
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine, text

from tests.factories import make_attempt, make_batch, make_request, read_attempt
from worker.desk.audit import attempt_tokens
from worker.desk.requests import show_request
from worker.desk.results import results
from worker.desk.sessions import record_by_token
from worker.desk.uploads import upload_requests
from worker.domain.contract.batches import BatchDetails
from worker.domain.errors import UnknownBatch, UnknownRequest
from worker.domain.statuses import AttemptState, RequestStatus

ANA = "ana@example.com"
TOKEN = UUID(int=7)
ATTEMPTED = """
    WITH tried AS (
        INSERT INTO attempt (request, batch, recipient, channel, source, attempt_number, token,
            state, began_at, send_by, accepted_at, closed_at, sid)
        SELECT id, batch, recipient, 'sms', '+15125550100', 1, :token, 'DONE', now(), now(), now(),
            clock_timestamp(), 'SM1'
        FROM communication_request WHERE reference_id = '1' RETURNING id, request
    ), moved AS (
        UPDATE communication_request AS r
        SET request_status = 'COMPLETED', channel_manager_status = 'DELIVERED', attempt = tried.id,
            moved_by = 'callback', moved_why = 'delivered'
        FROM tried WHERE r.id = tried.request
    )
    INSERT INTO inbox (provider, key, report, attempt)
    SELECT 'sms', 'k', '{"name": "delivered", "channel_status": "DELIVERED", "code": null}', id
    FROM tried
"""


@pytest.fixture
def people(engine: Engine, batch: BatchDetails) -> None:
    """Three requests of batch B, the first of them delivered."""
    rows = "".join(f"{n},+1512555010{n}\n" for n in (1, 2, 3))
    file = BytesIO(b"reference_id,target\n" + rows.encode())
    upload_requests(engine, "B", file=file, filename="f.csv", by=ANA)
    with engine.begin() as connection:
        connection.execute(text(ATTEMPTED), {"token": TOKEN})


@pytest.mark.usefixtures("people")
def test_the_history_tells_everything_in_order(engine: Engine) -> None:
    history = show_request(engine, "B", "1")

    told = [(moment.what, moment.why) for moment in history.moments]
    assert told == [
        ("PENDING", "ingest"),
        ("attempt began", "+15125550100"),
        ("accepted by the provider", "SM1"),
        ("attempt DONE", None),
        ("provider reported delivered", "DELIVERED"),
        ("COMPLETED · DELIVERED", "callback: delivered"),
    ]
    assert [moment.attempt_number for moment in history.moments] == [None, 1, 1, 1, 1, 1]
    assert history.request.request_status == "COMPLETED"


@pytest.mark.usefixtures("people")
def test_a_waiting_request_says_when_it_is_due(engine: Engine) -> None:
    assert show_request(engine, "B", "2").due_at is not None


@pytest.mark.usefixtures("people")
def test_an_unknown_request_or_batch_is_named(engine: Engine) -> None:
    with pytest.raises(UnknownRequest, match="'9'"):
        show_request(engine, "B", "9")
    with pytest.raises(UnknownBatch, match="'X'"):
        show_request(engine, "X", "1")


@pytest.mark.usefixtures("people")
def test_the_audit_knows_every_token(engine: Engine) -> None:
    assert attempt_tokens(engine) == {TOKEN: AttemptState.DONE}


@pytest.mark.usefixtures("people")
def test_results_can_be_filtered(engine: Engine) -> None:
    def references(**wanted: object) -> list[str]:
        return [one.reference_id for one in results(engine, "B", **wanted)]  # type: ignore[arg-type]

    assert references() == ["1", "2", "3"]
    assert references(request_status=RequestStatus.PENDING) == ["2", "3"]
    assert references(reference_id="2") == ["2"]
    assert references(reference_id="2", request_status=RequestStatus.COMPLETED) == []


@pytest.mark.usefixtures("people")
def test_results_are_read_page_by_page(engine: Engine) -> None:
    found = results(engine, "B", page_size=2)

    assert [one.reference_id for one in found] == ["1", "2", "3"]


def test_results_of_an_unknown_batch_are_refused_at_once(engine: Engine) -> None:
    with pytest.raises(UnknownBatch):
        results(engine, "X")


def test_a_callback_names_the_session_of_its_own_request(engine: Engine) -> None:
    batch = make_batch(engine, batch_id="S")
    request = make_request(engine, batch=batch, reference_id="1")
    attempt = make_attempt(engine, request=request)
    token = read_attempt(engine, attempt)["token"]

    record_by_token(engine, token, session_id=7, conversation_id=None)
    record_by_token(engine, token, session_id=None, conversation_id=9)
    record_by_token(engine, uuid4(), session_id=1, conversation_id=1)

    shown = show_request(engine, "S", "1").request
    assert (shown.session_id, shown.conversation_id) == (7, 9)
