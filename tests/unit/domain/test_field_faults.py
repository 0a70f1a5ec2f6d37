"""Whatever is wrong with a field, the sentence names the field and is ours."""

from typing import Any

import pytest

from worker.domain.contract.batches import batch_fields
from worker.domain.contract.campaigns import campaign_fields
from worker.domain.contract.messages import PAYLOADS, parse_payload
from worker.domain.errors import WrongFields
from worker.domain.field_faults import UNFORESEEN

WRONG: list[Any] = [
    *(None, True, 0, -1, 1.5, float("nan"), float("inf"), 10**6, 2**70),
    *("", " ", "x" * 3_000, "\x00", "\ud800", "1", "fax", "Ü", "25:00:00", "2020-01-01", "10y"),
    *([], [1], [None], ["x"], [[]], [{}], ["mon", "x"], ["x"] * 2_000),
    *({}, {"x": 1}, {"x": None}, {"on_machine": 1}, {"url": 1}, {"busy": "x"}, {"2026-01-01": 5}),
]
THEIRS = (
    "nput should",
    "Field required",
    "not permitted",
    "Value error",
    "String should",
    "valid ",
)
WHOLE: dict[str, Any] = {
    "batch_id": "B",
    "campaign_id": 1,
    "campaign_name": "c",
    "mode": "sms",
    "source": "+15125550100",
    "body": "hi",
}


def faults_of(judge: Any, values: dict[str, Any]) -> list[str]:
    try:
        judge(values)
    except WrongFields as error:
        return error.faults
    return []


DOORS: dict[str, Any] = {
    name: lambda values, name=name: parse_payload(name, values) for name in PAYLOADS
} | {"campaign": campaign_fields, "batch": batch_fields}
FIELDS = {name: model.model_fields for name, model in PAYLOADS.items()} | {
    "campaign": PAYLOADS["outreach.create_campaign"].model_fields,
    "batch": PAYLOADS["outreach.create_batch"].model_fields,
}


@pytest.mark.parametrize("door", DOORS)
def test_no_wrong_value_is_told_in_words_of_the_library(door: str) -> None:
    right = {name: value for name, value in WHOLE.items() if name in FIELDS[door]}
    for field in [*FIELDS[door], "colour"]:
        for value in WRONG:
            for fault in faults_of(DOORS[door], right | {field: value}):
                assert not any(words in fault for words in THEIRS), (field, value, fault)
                assert UNFORESEEN not in fault, (field, value, fault)
                assert ": " in fault, (field, value, fault)


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"batch_id": "x y"}, "batch_id: must be 1 to 128 of the letters A to Z and a to z,"),
        ({"call_rate": 5000}, "call_rate: must be 3600 or less"),
        ({"call_rate": 0}, "call_rate: must be 1 or more"),
        ({"call_rate": "9"}, "call_rate: must be a whole number"),
        ({"paused": "yes"}, "paused: must be true or false"),
        ({"campaign_id": None}, "campaign_id: must be a whole number"),
        ({"colour": "red"}, "colour: there is no such field"),
    ],
)
def test_a_wrong_field_is_told_by_what_it_must_be(changes: dict[str, Any], fault: str) -> None:
    batch = {"batch_id": "B", "campaign_id": 1}

    assert [said[: len(fault)] for said in faults_of(batch_fields, batch | changes)] == [fault]


def test_requests_are_named_by_their_place() -> None:
    requests = [{"reference_id": "1", "target": "+1"}, {"reference_id": "2"}, 7]
    values = {"batch_id": "B", "campaign_id": 1, "requests": requests}

    assert faults_of(DOORS["outreach.create_batch"], values) == [
        "requests.1.target: is missing",
        "requests.2: must be an object of its fields",
    ]
