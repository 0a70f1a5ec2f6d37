"""What the newest wheel of the public SDK sends and requires is in our document, as the wheel has it."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.sdk.environments import HERE, python_with, versions
from worker.api.app import create
from worker.runtime import Runtime

pytestmark = pytest.mark.turn(2)

Document = dict[str, Any]
OURS = {"CommunicationBatch": "CommunicationBatch", "BatchDetails": "PublicBatchDetails"}


@pytest.fixture(scope="module")
def wheel() -> Document:
    """Its operations and models."""
    told = subprocess.run(
        [python_with(versions()[-1]), "-W", "ignore", str(HERE / "tell.py")],
        check=True,
        capture_output=True,
        text=True,
    )
    found: Document = json.loads(told.stdout)
    return found


@pytest.fixture(scope="module")
def document() -> Document:
    """Ours."""
    return create(Runtime.__new__(Runtime)).openapi()


def schema_of(document: Document, node: Document) -> Document:
    """A schema, wherever it is written down."""
    while "$ref" in node:
        found: Document = document["components"]["schemas"][node["$ref"].rpartition("/")[2]]
        node = found
    return node


def test_every_path_and_parameter_of_the_wheel_is_there(
    wheel: Document, document: Document
) -> None:
    for method, path, parameters in wheel["operations"]:
        # A name in braces is the client's own affair.
        alike = {_nameless(one): one for one in document["paths"]}
        operation = document["paths"][alike[_nameless(path)]][method.lower()]
        ours = {one["name"] for one in operation.get("parameters", ())}
        assert set(parameters) <= ours, (method, path)
    assert len(wheel["operations"]) == 14


def test_every_field_that_a_client_sends_is_taken(wheel: Document, document: Document) -> None:
    for name, fields in wheel["sent"].items():
        taken = schema_of(document, {"$ref": name})["properties"]
        assert set(fields["all"]) <= set(taken), name


def test_no_more_is_required_than_a_client_must_send(wheel: Document, document: Document) -> None:
    for name, fields in wheel["sent"].items():
        required = schema_of(document, {"$ref": name}).get("required", ())
        assert set(required) <= set(fields["required"]), name


def test_every_field_that_a_client_requires_is_always_told(
    wheel: Document, document: Document
) -> None:
    for name, fields in wheel["read"].items():
        told = schema_of(document, {"$ref": OURS.get(name, name)})
        assert set(fields["required"]) <= set(told["required"]), name
        assert set(fields["all"]) <= set(told["properties"]), name


def test_every_operation_tells_its_refusals_and_what_it_is(document: Document) -> None:
    for path, operations in document["paths"].items():
        if not path.startswith("/api/v1/outbound"):
            continue
        for operation in operations.values():
            assert operation["description"], path
            assert {"200", "401", "403", "422", "429", "503"} <= set(operation["responses"]), path


def _nameless(path: str) -> str:
    return "/".join("{}" if part.startswith("{") else part for part in Path(path).parts)
