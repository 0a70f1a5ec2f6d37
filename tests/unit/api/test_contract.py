"""What a client of the API rests on stays, and the document tells all of it."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from tests.contract import breaks, document, kept, reduce
from worker.api.outreach.told import AuditEntryTold, BatchTold, CampaignTold, KeyTold
from worker.domain.audit import AuditEntry
from worker.domain.callers import AccessKey
from worker.domain.contract.batches import BatchFacts
from worker.domain.contract.campaigns import CampaignFields

Document = dict[str, Any]
BATCHES = "/api/v1/outbound/batches"
PAGE = "/api/v1/outreach/batches"


@pytest.fixture(scope="module")
def told() -> Document:
    return document()


def test_nothing_changed_that_a_client_rests_on(told: Document) -> None:
    assert breaks(kept(), reduce(told)) == []


def test_the_contract_that_is_kept_is_todays(told: Document) -> None:
    assert kept() == reduce(told), "what was added is kept from now on: python -m tests.contract"


def change(document: Document, name: str) -> Document:
    """A component of the document, to be changed."""
    made: Document = document["components"]["schemas"][name]
    return made


def _remove_operation(one: Document) -> None:
    del one["paths"][BATCHES]["post"]


def _remove_parameter(one: Document) -> None:
    one["paths"][PAGE]["get"]["parameters"].pop(0)


def _require_parameter(one: Document) -> None:
    one["paths"][PAGE]["get"]["parameters"][0]["required"] = True


def _add_required_parameter(one: Document) -> None:
    new = {"name": "zone", "in": "query", "required": True, "schema": {"type": "string"}}
    one["paths"][PAGE]["get"]["parameters"].append(new)


def _require_field(one: Document) -> None:
    change(one, "CommunicationBatchInput")["required"].append("paused")


def _remove_field(one: Document) -> None:
    del change(one, "CommunicationBatchInput")["properties"]["paused"]


def _narrow_field(one: Document) -> None:
    change(one, "CommunicationBatchInput")["properties"]["paused"] = {"type": "boolean"}


def _remove_answer(one: Document) -> None:
    del change(one, "CommunicationBatch")["properties"]["error_message"]


def _widen_answer(one: Document) -> None:
    change(one, "CommunicationBatch")["properties"]["campaign_id"] = {"type": "string"}


def _add_answered_word(one: Document) -> None:
    change(one, "CommunicationBatch")["properties"]["status"]["anyOf"][0]["enum"].append("IDLE")


def _answer_created(one: Document) -> None:
    responses = one["paths"][BATCHES]["post"]["responses"]
    responses["201"] = responses.pop("200")


BREAKS: dict[str, tuple[Callable[[Document], None], str]] = {
    "an operation": (_remove_operation, "is gone"),
    "a parameter": (_remove_parameter, "query campaign is not taken"),
    "a parameter that must be given": (_require_parameter, "query campaign must be given"),
    "a new one that must be given": (_add_required_parameter, "query zone must be given"),
    "a field that must be given": (_require_field, "body.paused must be given"),
    "a field": (_remove_field, "body.paused is not taken"),
    "what a field may be": (_narrow_field, "body.paused may not be null"),
    "a field of an answer": (_remove_answer, "answer.error_message is not answered"),
    "what an answer may be": (_widen_answer, "answer.campaign_id may be string now"),
    "a word of an answer": (_add_answered_word, "answer.status may be =IDLE now"),
    "the status of an answer": (_answer_created, "it is answered 201 where it was 200"),
}


@pytest.mark.parametrize("what", BREAKS)
def test_a_change_that_breaks_a_client_is_found(told: Document, what: str) -> None:
    after = deepcopy(told)
    break_it, fault = BREAKS[what]

    break_it(after)

    found = breaks(reduce(told), reduce(after))
    assert found
    assert any(fault in one for one in found), found


def test_what_is_added_breaks_nobody(told: Document) -> None:
    after = deepcopy(told)
    change(after, "CommunicationBatchInput")["properties"]["colour"] = {"type": "string"}
    change(after, "CommunicationBatch")["properties"]["colour"] = {"type": "string"}
    after["paths"]["/api/v1/outreach/colours"] = after["paths"][PAGE]

    assert breaks(reduce(told), reduce(after)) == []


HIDDEN = {"id", "attempted"}
"""Facts of a batch that nobody is told."""
ANSWERED_NULL = {
    "DELETE /api/v1/outbound/batches/{batch_id}",
    "DELETE /api/v1/outbound/campaigns/{campaign_id}",
    "POST /api/v1/outbound/batches/{batch_id}/upload_batch",
    "POST /api/v1/outbound/batches/{batch_id}/requests",
    "POST /api/v1/outbound/batches/{batch_id}/remove-requests",
}
ANSWERED_IN_LINES = {"GET /api/v1/outreach/batches/{batch_id}/results/{kind}"}


def operations(told: Document) -> dict[str, Document]:
    return {
        f"{method.upper()} {path}": one
        for path, methods in told["paths"].items()
        for method, one in methods.items()
    }


def test_each_operation_says_what_it_does_and_how_it_refuses(told: Document) -> None:
    found = operations(told)
    assert len(found) >= 50
    silent = [name for name, one in found.items() if not one.get("description")]
    assert silent == []
    for name, one in found.items():
        refusals = {code: r for code, r in one["responses"].items() if code >= "400"}
        assert {"401", "403", "429", "503"} <= refusals.keys(), name
        for code, refusal in refusals.items():
            content = refusal["content"]["application/json"]
            assert {"schema", "example"} <= content.keys(), (name, code)
            assert "detail" in content["example"], (name, code)
        takes = {p["name"] for p in one.get("parameters", ())} or one.get("requestBody")
        assert "422" in refusals or not takes, name


def test_what_is_answered_of_a_noun_is_all_of_it() -> None:
    """A field that a noun is given is told of here as well."""
    of_campaign = {"id", "created_at", "updated_at", "last_updated_by", "version"}
    counted = {"status", "status_counts", "detailed_status_counts"}

    assert set(CampaignTold.model_fields) == set(CampaignFields.model_fields) | of_campaign
    assert set(BatchTold.model_fields) == set(BatchFacts.__slots__) - HIDDEN | counted
    assert set(AuditEntryTold.model_fields) == set(AuditEntry.__slots__)
    assert set(KeyTold.model_fields) == set(AccessKey.__slots__)


def test_each_operation_says_what_it_answers(told: Document) -> None:
    mute = [
        name
        for name, one in operations(told).items()
        if not any(part.get("schema") for part in one["responses"]["200"]["content"].values())
    ]

    assert set(mute) == ANSWERED_NULL | ANSWERED_IN_LINES


def test_each_body_of_json_shows_an_example(told: Document) -> None:
    bare = [
        name
        for name, one in operations(told).items()
        if (body := one.get("requestBody", {}).get("content", {}).get("application/json"))
        if not _has_example(body["schema"], told) and "example" not in body
    ]

    assert bare == []


def _has_example(schema: Document, told: Document) -> bool:
    if "$ref" in schema:
        schema = change(told, schema["$ref"].rpartition("/")[2])
    if {"example", "examples"} & schema.keys():
        return True
    parts = [*schema.get("properties", {}).values(), *schema.get("anyOf", ())]
    parts += [schema["items"]] if "items" in schema else []
    return any(_has_example(one, told) for one in parts)
