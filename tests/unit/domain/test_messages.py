import pytest

from config.queues import TRIGGERS
from worker.domain.contract.message_ids import to_stored_id
from worker.domain.contract.messages import PAYLOADS, UnknownMessage, parse_payload, schema
from worker.domain.errors import WrongFields

PERSON = "+15125550188"
REQUEST: dict[str, object] = {"reference_id": "1", "target": PERSON}
BATCH: dict[str, object] = {"batch_id": "B", "campaign_id": 1}
SMS: dict[str, object] = {
    "campaign_name": "C",
    "mode": "sms",
    "source": "+15125550100",
    "body": "Hello",
}
WHOM: dict[str, object] = {"mode": "sms", "target": PERSON}

GOOD: dict[str, tuple[str, dict[str, object]]] = {
    "a campaign": ("create_campaign", SMS | {"last_updated_by": "ana@example.com"}),
    "a change by name": ("update_campaign", {"campaign_name": "C", "retry_interval": "12h"}),
    "a change by id": ("update_campaign", {"id": 1, "campaign_name": "D"}),
    "an empty batch": ("create_batch", BATCH),
    "a batch with requests": ("create_batch", BATCH | {"requests": [REQUEST]}),
    "a thousand requests": (
        "add_requests",
        {"batch_id": "B", "requests": [REQUEST | {"reference_id": str(n)} for n in range(1000)]},
    ),
    "a change that clears": ("update_batch", {"batch_id": "B", "expires_on": None}),
    "a deletion": ("delete_batch", {"batch_id": "B", "deleted_reason": "User request"}),
    "a removal": ("remove_requests", {"batch_id": "B", "reference_ids": ["1"]}),
    "a retry of some": ("retry_requests", {"batch_id": "B", "reference_ids": ["1"]}),
    "a retry of all": ("retry_requests", {"batch_id": "B", "failed": True}),
    "a scan": ("dispatch_batch", {"batch_id": "B"}),
    "a session by sid": ("record_session", {"call_manager_sid": "CA1", "session_id": 1}),
    "a session by reference": (
        "record_session",
        {"batch_id": "B", "reference_id": "1", "conversation_id": 2},
    ),
    "a suppression": ("suppress", WHOM | {"reason": "unsubscribed"}),
    "a lifting": ("unsuppress", WHOM | {"suppressed_at": "2026-11-21T07:00:00Z"}),
}
BAD: dict[str, tuple[str, object, str]] = {
    "no object": ("create_batch", [1], "must be a JSON object"),
    "an unknown field": ("create_batch", BATCH | {"colour": 1}, "colour: "),
    "a missing field": ("create_batch", {"campaign_id": 1}, "batch_id: "),
    "no campaign": ("create_batch", {"batch_id": "B"}, "campaign_id: give either"),
    "two campaigns": ("create_batch", BATCH | {"campaign_name": "C"}, "campaign_id: give either"),
    "a number in quotes": ("create_batch", BATCH | {"campaign_id": "1"}, "campaign_id: "),
    "a number past any": ("create_batch", BATCH | {"campaign_id": 2**63}, "campaign_id: "),
    "an id with a slash": ("create_batch", BATCH | {"batch_id": "a/b"}, "batch_id: "),
    "no requests": ("add_requests", {"batch_id": "B", "requests": []}, "requests: "),
    "too many requests": (
        "add_requests",
        {"batch_id": "B", "requests": [REQUEST] * 1001},
        "requests: ",
    ),
    "a reference twice": (
        "add_requests",
        {"batch_id": "B", "requests": [REQUEST, REQUEST]},
        r"requests\.1\.reference_id: was used by requests\.0",
    ),
    "a NUL": ("add_requests", {"batch_id": "B", "requests": [REQUEST | {"target": "\0"}]}, "NUL"),
    "a change of nobody": ("update_campaign", {"retry_count": 1}, "by its id or its campaign_name"),
    "an empty reason": ("delete_batch", {"batch_id": "B", "deleted_reason": " "}, "deleted_reason"),
    "a retry of both": (
        "retry_requests",
        {"batch_id": "B", "reference_ids": ["1"], "failed": True},
        "either",
    ),
    "a retry of neither": ("retry_requests", {"batch_id": "B"}, "either"),
    "a session of two": (
        "record_session",
        {"call_manager_sid": "CA1", "batch_id": "B", "reference_id": "1", "session_id": 1},
        "either",
    ),
    "a session of half": ("record_session", {"batch_id": "B", "session_id": 1}, "either"),
    "a session of nothing": ("record_session", {"call_manager_sid": "CA1"}, "session_id"),
    "an odd reason": ("suppress", WHOM | {"reason": "mood"}, "reason: "),
    "a lifting of any": ("unsuppress", WHOM, "suppressed_at: "),
}


def test_every_trigger_has_a_payload() -> None:
    assert sorted(PAYLOADS) == sorted(TRIGGERS)


@pytest.mark.parametrize(("name", "payload"), GOOD.values(), ids=GOOD)
def test_a_payload_is_understood(name: str, payload: dict[str, object]) -> None:
    message = parse_payload(f"outreach.{name}", payload)

    assert set(payload) - {"last_updated_by"} == set(message.named)


@pytest.mark.parametrize(("name", "payload", "fault"), BAD.values(), ids=BAD)
def test_a_wrong_payload_is_refused_by_field(name: str, payload: object, fault: str) -> None:
    with pytest.raises(WrongFields, match=fault) as refused:
        parse_payload(f"outreach.{name}", payload)

    assert PERSON not in str(refused.value)


def test_a_fault_does_not_quote_a_name_that_may_be_a_person() -> None:
    payload = {"batch_id": "B", "requests": [REQUEST | {PERSON: "x", "Ana Smith": 1}]}

    with pytest.raises(WrongFields) as refused:
        parse_payload("outreach.add_requests", payload)

    assert str(refused.value).count("requests.0.…: ") == 2


def test_an_unknown_name_is_refused_and_not_quoted() -> None:
    with pytest.raises(UnknownMessage) as refused:
        parse_payload(f"outreach.{PERSON}", {})

    assert PERSON not in str(refused.value)


@pytest.mark.parametrize("name", PAYLOADS)
def test_a_schema_names_every_field_and_allows_no_other(name: str) -> None:
    made = schema(name)

    assert made["title"] == name
    assert made["additionalProperties"] is False
    properties = made["properties"]
    assert isinstance(properties, dict)
    assert set(properties) == set(PAYLOADS[name].model_fields)


def test_an_interval_is_published_as_it_is_written() -> None:
    properties = schema("outreach.create_campaign")["properties"]

    assert isinstance(properties, dict)
    assert properties["retry_interval"] == {
        "type": "string",
        "pattern": "^[0-9]{1,6}[mhd]$",
        "default": "30m",
        "title": "Retry Interval",
    }


def test_an_id_is_stored_as_a_uuid_and_always_the_same_one() -> None:
    given = "8A6E0804-2BD0-4672-B79D-D97027F9071A"

    assert to_stored_id(given) == given.lower()
    assert to_stored_id(PERSON) == to_stored_id(PERSON) != to_stored_id(PERSON + "1")
    assert PERSON[1:] not in to_stored_id(PERSON)
    assert to_stored_id("\ud800")
