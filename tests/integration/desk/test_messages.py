"""Each message takes effect once, or becomes one dead letter."""

from collections.abc import Mapping
from typing import Any

import pytest
from sqlalchemy import Engine, text

from tests.factories import (
    make_attempt,
    make_batch,
    make_campaign,
    make_recipient,
    make_request,
    read,
    read_request,
)
from tests.sessions import Beside, eventually
from worker.desk.batches import show_batch, update_batch
from worker.desk.campaigns import show_campaign, update_campaign
from worker.desk.dead_letters import list_dead_letters, replay, show_dead_letter
from worker.desk.messages import Buried, Taken, accept
from worker.desk.requests import show_request
from worker.desk.suppression_lifts import explain_suppressed
from worker.domain.contract.message_digests import KEPT, digest_of
from worker.domain.contract.message_ids import to_stored_id
from worker.domain.contract.messages import parse_payload
from worker.domain.statuses import AttemptState, Channel, RequestStatus
from worker.domain.wire import stamp
from worker.store import messages, schema

pytestmark = pytest.mark.usefixtures("audited")

ANA = "ana@example.com"
NUMBER = "+15125550188"
SMS = {"campaign_name": "C", "mode": "sms", "source": "+15125550100", "body": "Hello"}
Send = Any


class Sender:
    """Gives each message an id of its own unless told otherwise."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.sent = 0

    def __call__(self, task: str, payload: object, id: str | None = None) -> Taken | Buried:  # noqa: A002
        self.sent += 1
        return accept(self.engine, f"outreach.{task}", id or f"message {self.sent}", payload)

    def taken(self, task: str, payload: object, id: str | None = None) -> Taken:  # noqa: A002
        outcome = self(task, payload, id)
        assert isinstance(outcome, Taken), show_dead_letter(self.engine, outcome.letter or 0).reason
        return outcome

    def refused(self, task: str, payload: object, id: str | None = None) -> str:  # noqa: A002
        outcome = self(task, payload, id)
        assert isinstance(outcome, Buried)
        assert outcome.letter
        letter = show_dead_letter(self.engine, outcome.letter)
        assert letter.task == f"outreach.{task}"
        return letter.reason


@pytest.fixture
def send(engine: Engine) -> Sender:
    """A producer."""
    return Sender(engine)


@pytest.fixture
def campaign(engine: Engine) -> int:
    """An SMS campaign."""
    return make_campaign(engine, channel=Channel.SMS)


@pytest.fixture
def batch(engine: Engine, campaign: int) -> int:
    """A batch called B."""
    return make_batch(engine, campaign=campaign, batch_id="B")


def _request(reference: str, target: str = NUMBER, **variables: str) -> dict[str, object]:
    return {"reference_id": reference, "target": target, "request_variables": variables}


def test_a_campaign_is_created_and_changed(engine: Engine, send: Sender) -> None:
    send.taken("create_campaign", SMS | {"last_updated_by": ANA})
    send.taken("update_campaign", {"campaign_name": "C", "retry_count": 2, "retry_interval": "1h"})
    made = show_campaign(engine, "C")

    send.taken("update_campaign", {"id": made.id, "campaign_name": "D", "last_updated_by": ANA})

    assert (made.fields.retry_count, made.last_updated_by) == (2, "message")
    assert show_campaign(engine, "D").last_updated_by == ANA


def test_a_create_is_compared_with_what_was_created_and_not_with_edits(
    engine: Engine, send: Sender
) -> None:
    send.taken("create_campaign", SMS)
    update_campaign(engine, "C", {"body": "Bye"}, by=ANA)
    first = {"batch_id": "B", "campaign_id": show_campaign(engine, "C").id}
    send.taken("create_batch", first | {"requests": [_request("1")]})
    update_batch(engine, "B", {"paused": True}, by=ANA)

    assert send.taken("create_campaign", SMS).fresh
    assert send.taken("create_batch", first | {"requests": [_request("1")]}).fresh
    assert "different body" in send.refused("create_campaign", SMS | {"body": "Bye"})
    assert "different requests" in send.refused("create_batch", first)

    assert show_campaign(engine, "C").fields.body == "Bye"
    assert show_batch(engine, "B").facts.paused


def test_messages_alone_suffice(engine: Engine, send: Sender) -> None:
    batch = {"batch_id": "B", "campaign_name": "C", "requests": [_request("1")]}
    send.taken("create_campaign", SMS)

    send.taken("create_batch", batch)

    campaign = show_campaign(engine, "C").id
    assert show_batch(engine, "B").facts.campaign_id == campaign
    assert show_batch(engine, "B").total == 1
    named_otherwise = batch | {"campaign_id": campaign}
    del named_otherwise["campaign_name"]
    send.taken("create_batch", named_otherwise)


def test_a_name_that_looks_like_an_id_is_a_name(engine: Engine, send: Sender) -> None:
    send.taken("create_campaign", SMS)
    assert show_campaign(engine, "C").id == 1

    told = send.refused("create_batch", {"batch_id": "B", "campaign_name": "1"})
    send.refused("update_campaign", {"campaign_name": "1", "body": "Hi"})
    send.taken("create_campaign", SMS | {"campaign_name": "1"})
    send.taken("create_batch", {"batch_id": "B", "campaign_name": "1"})
    send.taken("update_campaign", {"id": 1, "body": "Hi"})

    assert "no campaign" in told
    assert show_batch(engine, "B").facts.campaign_id == 2
    assert show_campaign(engine, "C").fields.body == "Hi"


def test_a_batch_that_has_expired_already_is_not_created(send: Sender, campaign: int) -> None:
    expired = {"batch_id": "B", "campaign_id": campaign, "expires_on": "2020-01-01T00:00:00Z"}

    assert "expires_on" in send.refused("create_batch", expired)


def test_a_late_repetition_of_a_create_does_not_wake_a_deleted_batch(
    engine: Engine, send: Sender, campaign: int
) -> None:
    create = {"batch_id": "B", "campaign_id": campaign, "requests": [_request("1")]}
    send.taken("create_batch", create)
    send.taken("delete_batch", {"batch_id": "B", "deleted_reason": "User request"})

    send.taken("create_batch", create)

    assert show_batch(engine, "B").facts.deleted_reason == "User request"
    assert show_batch(engine, "B").total == 1


def test_requests_are_added_judged_and_known_again(
    engine: Engine, send: Sender, batch: int
) -> None:
    payload = {
        "batch_id": "B",
        "requests": [_request("1", name="Ana"), _request("2"), _request("3", "x")],
    }

    send.taken("add_requests", payload)
    send.taken("add_requests", payload)

    counts = {count.request_status: count.n for count in show_batch(engine, "B").counts}
    assert counts == {"PENDING": 1, "DUPLICATE": 1, "INVALID": 1}
    assert show_request(engine, "B", "1").request.request_variables == {"name": "Ana"}


def test_a_thousand_requests_fit_a_message(engine: Engine, send: Sender, batch: int) -> None:
    requests = [_request(str(n), f"+1512{5_550_000 + n}", name="Ana") for n in range(1000)]

    send.taken("add_requests", {"batch_id": "B", "requests": requests})

    assert show_batch(engine, "B").total == 1000


def test_requests_that_conflict_leave_nothing(engine: Engine, send: Sender, batch: int) -> None:
    send.taken("add_requests", {"batch_id": "B", "requests": [_request("1")]})
    other = {"batch_id": "B", "requests": [_request("2"), _request("1", "+15125550199")]}

    assert send.refused("add_requests", other).startswith(
        "requests.1: reference_id is in the batch"
    )

    assert show_batch(engine, "B").total == 1


def test_a_batch_is_updated_and_deleted(engine: Engine, send: Sender, batch: int) -> None:
    send.taken(
        "update_batch", {"batch_id": "B", "call_rate": 60, "expires_on": "2099-01-01T00:00:00Z"}
    )
    send.taken("update_batch", {"batch_id": "B", "expires_on": None, "paused": True})
    facts = show_batch(engine, "B").facts
    assert (facts.call_rate, facts.expires_on, facts.paused) == (60, None, True)

    send.taken("delete_batch", {"batch_id": "B", "deleted_reason": "first", "last_updated_by": ANA})
    send.taken("delete_batch", {"batch_id": "B", "deleted_reason": "second"})

    assert show_batch(engine, "B").facts.deleted_reason == "first"
    assert "was deleted" in send.refused("update_batch", {"batch_id": "B", "paused": False})
    assert "was deleted" in send.refused(
        "add_requests", {"batch_id": "B", "requests": [_request("1")]}
    )


def test_a_scan_names_the_batch_to_scan(send: Sender, batch: int) -> None:
    assert send.taken("dispatch_batch", {"batch_id": "B"}, "m") == Taken(True, "B")
    assert send.taken("dispatch_batch", {"batch_id": "B"}, "m") == Taken(False, None)


def test_a_session_is_recorded_by_sid_or_reference(
    engine: Engine, send: Sender, batch: int
) -> None:
    request = make_request(engine, batch=batch, reference_id="1")
    make_attempt(engine, request=request, state=AttemptState.ACCEPTED, sid="SM1")

    send.taken("record_session", {"call_manager_sid": "SM1", "session_id": 7})
    send.taken("record_session", {"batch_id": "B", "reference_id": "1", "conversation_id": 8})

    row = read_request(engine, request)
    assert (row["session_id"], row["conversation_id"]) == (7, 8)


def test_a_session_of_a_mail_is_not_taken_by_sid(engine: Engine, send: Sender) -> None:
    request = make_request(engine, batch=make_batch(engine, channel=Channel.EMAIL))
    make_attempt(engine, request=request, state=AttemptState.ACCEPTED, sid="mail-1")

    reason = send.refused("record_session", {"call_manager_sid": "mail-1", "session_id": 7})

    assert "batch_id and reference_id" in reason


def test_a_suppression_is_lifted_by_its_time_or_number_alone(engine: Engine, send: Sender) -> None:
    recipient = make_recipient(engine, channel=Channel.SMS, address=NUMBER)
    whom = {"mode": "sms", "target": NUMBER}
    send.taken("suppress", whom | {"reason": "unsubscribed", "last_updated_by": ANA})
    row = read(engine, schema.recipient, recipient)
    send.taken("suppress", whom | {"reason": "spam_report"})
    assert read(engine, schema.recipient, recipient) == row
    first, second = explain_suppressed(engine, Channel.SMS, NUMBER)
    assert (first.source, first.by, second.by) == ("message", ANA, "message")

    early = send.refused("unsuppress", whom | {"suppressed_at": "2020-01-01T00:00:00Z"})
    assert stamp(second.suppressed_at, fine=True) in early
    lift = whom | {"suppressed_at": stamp(first.suppressed_at, fine=True)}
    send.taken("unsuppress", lift | {"reason": "asked by phone", "last_updated_by": ANA})

    assert read(engine, schema.recipient, recipient)["suppress_reason"] == "spam_report"
    first, second = explain_suppressed(engine, Channel.SMS, NUMBER)
    assert (first.lifted_by, first.lifted_why, second.lifted_at) == (ANA, "asked by phone", None)
    assert send.taken("unsuppress", lift).fresh
    other = send.refused("unsuppress", whom | {"suppression": second.id + 1})
    assert "suppression: there is no" in other
    send.taken("unsuppress", whom | {"suppression": second.id})
    assert read(engine, schema.recipient, recipient)["suppressed_at"] is None


def test_nobody_elses_suppression_is_lifted_by_its_number(engine: Engine, send: Sender) -> None:
    for target in (NUMBER, "+15125550199"):
        send.taken("suppress", {"mode": "sms", "target": target, "reason": "unsubscribed"})
    [other] = explain_suppressed(engine, Channel.SMS, "+15125550199")

    send.refused("unsuppress", {"mode": "sms", "target": NUMBER, "suppression": other.id})

    assert explain_suppressed(engine, Channel.SMS, "+15125550199") == [other]


def test_somebody_nobody_has_heard_of_can_be_suppressed(
    engine: Engine, send: Sender, batch: int
) -> None:
    send.taken("suppress", {"mode": "sms", "target": NUMBER, "reason": "unsubscribed"})

    send.taken("add_requests", {"batch_id": "B", "requests": [_request("1")]})

    assert show_request(engine, "B", "1").request.request_status == "SKIPPED"


REFUSED: dict[str, tuple[str, dict[str, object], str]] = {
    "requests": ("add_requests", {"batch_id": "X", "requests": [_request("1")]}, "no batch 'X'"),
    "a change": ("update_batch", {"batch_id": "X", "paused": True}, "no batch 'X'"),
    "a deletion": ("delete_batch", {"batch_id": "X", "deleted_reason": "x"}, "no batch 'X'"),
    "a scan": ("dispatch_batch", {"batch_id": "X"}, "no batch 'X'"),
    "a batch": ("create_batch", {"batch_id": "Y", "campaign_id": 9}, "no campaign '9'"),
    "a campaign": ("update_campaign", {"campaign_name": "X"}, "no campaign 'X'"),
    "a session": (
        "record_session",
        {"batch_id": "X", "reference_id": "1", "session_id": 1},
        "no batch 'X'",
    ),
    "a sid": ("record_session", {"call_manager_sid": "CA1", "session_id": 1}, "call_manager_sid"),
    "a target": (
        "suppress",
        {"mode": "sms", "target": "5125550188", "reason": "bounced"},
        "country code",
    ),
}


@pytest.mark.parametrize(("task", "payload", "reason"), REFUSED.values(), ids=REFUSED)
def test_what_names_nothing_known_is_a_dead_letter(
    engine: Engine, send: Sender, task: str, payload: Mapping[str, object], reason: str
) -> None:
    assert reason in send.refused(task, payload, "m")

    assert send(task, payload, "m") == Buried(None, _fault(send, task, payload))
    assert len(list_dead_letters(engine)) == 1


def test_a_removal_and_a_retry_of_an_unknown_batch_are_dead_letters(send: Sender) -> None:
    for task, rest in (
        ("remove_requests", {"reference_ids": ["1"]}),
        ("retry_requests", {"failed": True}),
    ):
        assert "no batch 'X'" in send.refused(task, {"batch_id": "X", **rest})


def test_a_removal_and_a_retry_reach_their_requests(
    engine: Engine, send: Sender, batch: int
) -> None:
    make_request(engine, batch=batch, reference_id="1")
    failed = make_request(engine, batch=batch, reference_id="2")
    make_attempt(engine, request=failed, state=AttemptState.REFUSED, status=RequestStatus.FAILED)

    send.taken("remove_requests", {"batch_id": "B", "reference_ids": ["1"]}, "m")
    send.taken("retry_requests", {"batch_id": "B", "failed": True})

    assert show_request(engine, "B", "1").request.request_status == "CANCELED"
    assert show_request(engine, "B", "2").request.request_status == "PENDING"
    assert not send.taken("remove_requests", {"batch_id": "B", "reference_ids": ["1"]}, "m").fresh


def _fault(send: Sender, task: str, payload: Mapping[str, object]) -> str:
    outcome = send(task, payload, "m")
    assert isinstance(outcome, Buried)
    return outcome.fault


FIRST = [_request("1", name="Ana")]
ADD = {"batch_id": "B", "requests": FIRST}
DIFFERING: dict[str, tuple[str, object]] = {
    "name": ("delete_batch", {"batch_id": "B", "deleted_reason": "wrong"}),
    "value": ("add_requests", {"batch_id": "B", "requests": [_request("1", name="Eva")]}),
    "number of requests": (
        "add_requests",
        {"batch_id": "B", "requests": [_request("1", name="Ana"), _request("2")]},
    ),
    "who asks": ("add_requests", ADD | {"last_updated_by": ANA}),
}


@pytest.mark.parametrize("what", DIFFERING)
def test_another_message_under_a_used_id_is_a_dead_letter(
    engine: Engine, send: Sender, batch: int, what: str
) -> None:
    send.taken("add_requests", ADD, "m")

    reason = send.refused(*DIFFERING[what], "m")

    assert "its id was used by another outreach.add_requests" in reason
    assert show_batch(engine, "B").total == 1
    assert show_batch(engine, "B").facts.deleted_at is None


def test_a_field_left_out_is_not_one_that_is_cleared(send: Sender, batch: int) -> None:
    send.taken("update_batch", {"batch_id": "B", "paused": True}, "m")

    send.refused("update_batch", {"batch_id": "B", "paused": True, "call_rate": None}, "m")


def test_a_repetition_changes_nothing_in_whatever_order_its_fields_are(
    send: Sender, batch: int
) -> None:
    send.taken("add_requests", ADD | {"requests": [_request("1", a="1", b="2")]}, "m")
    again = ADD | {"requests": [_request("1", b="2", a="1")]}

    assert not send.taken("add_requests", dict(reversed(again.items())), "m").fresh


def test_an_id_older_than_the_memory_of_what_it_said_is_known_by_its_name(
    engine: Engine, send: Sender, batch: int
) -> None:
    send.taken("add_requests", ADD, "m")
    with engine.begin() as connection:
        connection.execute(text("UPDATE message SET digest = NULL"))

    assert not send.taken(*DIFFERING["value"], "m").fresh
    send.refused(*DIFFERING["name"], "m")


def test_what_came_under_a_used_id_can_be_replayed_as_itself(
    engine: Engine, send: Sender, batch: int
) -> None:
    send.taken("add_requests", ADD, "m")
    send.refused(*DIFFERING["name"], "m")
    [letter] = list_dead_letters(engine)

    assert replay(engine, letter.id, name=None, payload=None, by=ANA).fresh

    assert show_batch(engine, "B").facts.deleted_at is not None
    assert list_dead_letters(engine) == []


def test_a_letter_is_not_settled_by_another_message_under_its_id(
    engine: Engine, send: Sender, campaign: int
) -> None:
    send.refused(*DIFFERING["name"], "m")
    send.taken("create_batch", {"batch_id": "B", "campaign_id": campaign}, "m")

    assert [one.task for one in list_dead_letters(engine)] == ["outreach.delete_batch"]


def test_the_memory_of_a_message_does_not_tell_whom_it_was_about(
    engine: Engine, send: Sender
) -> None:
    send.taken("suppress", {"mode": "sms", "target": NUMBER, "reason": "unsubscribed"}, "m")

    with engine.begin() as connection:
        digest = connection.scalar(text("SELECT digest FROM message"))
    assert digest is not None
    assert len(digest) == KEPT


def test_a_message_that_failed_first_takes_effect_when_it_comes_again(
    engine: Engine, send: Sender, campaign: int
) -> None:
    add = {"batch_id": "B", "requests": [_request("1")]}
    send.refused("add_requests", add, "m")
    send.taken("create_batch", {"batch_id": "B", "campaign_id": campaign})

    assert send.taken("add_requests", add, "m").fresh

    assert show_batch(engine, "B").total == 1
    assert list_dead_letters(engine) == []


def test_two_deliveries_at_once_take_effect_once(engine: Engine, send: Sender, batch: int) -> None:
    payload = {"batch_id": "B", "requests": [_request("1")]}
    with engine.connect() as first:
        key, said = to_stored_id("m"), parse_payload("outreach.add_requests", payload)
        messages.remember(first, key, "outreach.add_requests", digest_of(key, said))
        with Beside(engine, lambda _: send("add_requests", payload, "m")) as second:
            eventually(lambda: _waiting(engine))
            first.commit()
            assert second.result() == Taken(False)

    assert show_batch(engine, "B").total == 0


def _waiting(engine: Engine) -> bool:
    query = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    with engine.begin() as connection:
        return bool(connection.scalar(text(query)))


def test_what_is_kept_is_whole_even_where_no_database_would_take_it(
    engine: Engine, send: Sender
) -> None:
    send.refused("create_batch", {"batch_id": "a\0b\ud800", "campaign_id": 1})

    assert (
        list_dead_letters(engine)[0].payload == r'{"batch_id": "a\u0000b\ud800", "campaign_id": 1}'
    )


def test_a_batch_that_has_expired_already_is_a_dead_letter(send: Sender, campaign: int) -> None:
    over = {"batch_id": "over", "campaign_id": campaign, "expires_on": "2020-01-01T00:00:00Z"}

    assert "expires_on: must lie ahead" in send.refused("create_batch", over)
