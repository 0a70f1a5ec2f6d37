import json
from base64 import b64decode
from typing import Any

import pytest

from tasks.envelope import CLAIMED_AT, Unfit, as_text, fit, open_message
from tests.doors import encoded, envelope, shapes

PERSON = "+15125550188"
TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
TASK = "outreach.add_requests"
PAYLOAD = {"batch_id": "B", "requests": [{"reference_id": "1", "target": PERSON}]}
SHAPES = shapes(TASK, PAYLOAD)


@pytest.mark.parametrize(("message", "accepted"), SHAPES.values(), ids=SHAPES)
def test_whatever_comes_goes_on_as_a_safe_call(message: bytes, accepted: bool) -> None:
    made = json.loads(fit(message, "messages"))

    positional, named, embedded = json.loads(b64decode(made["body"]))
    taken = made["headers"]["task"] == TASK
    assert (positional, embedded) == ([], {})
    assert taken or set(named) == {"reason", "whole"}
    assert taken >= accepted
    assert made["properties"]["delivery_info"] == {"exchange": "", "routing_key": "messages"}


@pytest.mark.parametrize(("message", "accepted"), SHAPES.values(), ids=SHAPES)
def test_what_was_made_fit_stays_as_it_is(message: bytes, accepted: bool) -> None:
    once = open_message(fit(message, "messages"))

    again = open_message(fit(fit(message, "messages"), "messages"))

    assert (once.task, once.kwargs) == (again.task, again.kwargs)


def test_a_dead_letter_holds_all_that_came() -> None:
    message = json.dumps(envelope("outreach.call_everybody", PAYLOAD)).encode()

    assert open_message(fit(message, "messages")).kwargs["whole"] == message.decode()


@pytest.mark.parametrize(("given", "kept"), [(TRACE, TRACE), (PERSON, None), ([TRACE], None)])
def test_a_trace_goes_on_and_nothing_that_only_says_so(given: object, kept: str | None) -> None:
    good = envelope(TASK, {"batch_id": "B"})
    message = good | {"headers": good["headers"] | {"traceparent": given}}

    call = open_message(fit(json.dumps(message).encode(), "messages"))

    assert call.headers.get("traceparent") == kept


@pytest.mark.parametrize(
    ("given", "kept"), [(1.5, 1.5), ("1.5", None), (1e999, None), (True, None), ([1.5], None)]
)
def test_when_it_was_claimed_goes_on_as_a_header(given: object, kept: float | None) -> None:
    good = envelope(TASK, {"batch_id": "B"})
    message = good | {"headers": good["headers"] | {CLAIMED_AT: given}}

    assert (
        open_message(fit(json.dumps(message).encode(), "messages")).headers.get(CLAIMED_AT) == kept
    )


def test_no_header_of_a_producer_goes_on() -> None:
    everywhere = dict.fromkeys(
        ("shadow", "argsrepr", "kwargsrepr", "origin", "root_id", "parent_id", "group", "x"), PERSON
    )
    good = envelope(TASK, {"batch_id": "B"})
    headers = good["headers"] | everywhere | {"id": PERSON}
    properties = good["properties"] | {"reply_to": PERSON, "correlation_id": PERSON, "x": PERSON}
    embedded = {"callbacks": [PERSON], "chain": [PERSON]}
    body = encoded([[], {"batch_id": "B"}, embedded])

    made = fit(
        json.dumps(good | {"headers": headers, "properties": properties, "body": body}).encode(),
        "messages",
    )

    assert open_message(made).task == TASK
    assert PERSON[1:].encode() not in made + b64decode(json.loads(made)["body"])


ODD: dict[str, Any] = {
    "an id that is a list": {"headers": {"task": TASK, "id": [1]}},
    "an id without end": {"headers": {"task": TASK, "id": "1" * 501}},
    "a task that is an object": {"headers": {"task": {}, "id": "1"}},
    "a task of Celery's own": {"headers": {"task": "celery.map", "id": "1"}},
    "positional arguments": {"body": encoded([["B"], {}, {}])},
    "an argument called self": {"body": encoded([[], {"self": 1}, {}])},
    "a dead letter that is none": {
        "headers": {"task": "outreach.keep_dead_letter", "id": "1"},
        "body": encoded([[], {"reason": 1}, {}]),
    },
    "lists without end": {"body": encoded(b"[" * 200_000)},
}


@pytest.mark.parametrize("changes", ODD.values(), ids=ODD)
def test_an_odd_message_is_unfit(changes: dict[str, Any]) -> None:
    message = json.dumps(envelope(TASK, PAYLOAD) | changes).encode()

    with pytest.raises(Unfit) as unfit:
        open_message(message)

    assert PERSON not in str(unfit.value)


@pytest.mark.parametrize("message", [b"\xff", b"a\x00b"], ids=["no UTF-8", "a NUL"])
def test_what_no_database_takes_as_text_is_kept_encoded(message: bytes) -> None:
    kept = as_text(message)

    assert b64decode(kept.removeprefix("base64:")) == message
