"""The public API tried by its own document: no fault of ours, and no answer that it does not tell of."""

import os
from collections.abc import Callable
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import (
    content_type_conformance,
    not_a_server_error,
    response_schema_conformance,
    status_code_conformance,
)
from sqlalchemy import Engine

from tests.callers import make_key
from tests.factories import make_batch, make_request
from worker.api.app import create
from worker.domain.callers import Role
from worker.runtime import Runtime

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
EXAMPLES = int(os.environ.get("API_EXAMPLES", "6"))
"""For each operation; `API_EXAMPLES=300` tries more."""
TRIED = settings(
    max_examples=EXAMPLES,
    database=None,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture
def schema(engine: Engine, database_url: str, build: Callable[[str], Runtime]) -> Any:
    batch = make_batch(engine, batch_id="B")
    make_request(engine, batch=batch, reference_id="1")
    return schemathesis.openapi.from_asgi("/openapi.json", create(build(database_url)))


KNOWN = {
    "batch_id": "B",
    "campaign_id": 1,
    "campaign": "1",
    "attempt": 1,
    "suppression": 1,
    "letter": 1,
    "name": "outreach.create_batch",
    "kind": "jsonl",
}
TARGET = "+15125550177"


def no_target_in_an_error(context: Any, response: Any, case: Any) -> None:
    """Nothing of whom somebody is stands in a refusal."""
    assert response.status_code < 400 or TARGET not in response.text


@pytest.mark.parametrize(("prefix", "least"), [("/api/v1/outbound", 14), ("/api/v1/outreach", 44)])
def test_every_operation_answers_as_it_says(
    schema: Any, engine: Engine, prefix: str, least: int
) -> None:
    headers = {"Syllable-API-Key": make_key(engine, role=Role.ADMIN, per_second=100_000)}
    operations = [one.ok() for one in schema.get_all_operations()]
    tried_ones = [one for one in operations if one.path.startswith(prefix)]
    assert len(tried_ones) >= least

    for operation in tried_ones:

        @TRIED
        @given(case=operation.as_strategy(), there=st.booleans())
        def tried(case: Any, there: bool) -> None:
            if there:
                case.path_parameters = {name: KNOWN[name] for name in case.path_parameters or {}}
            _name_somebody(case)
            # To wait for what is under way asks a database that has proven to be the original.
            (case.query or {}).pop("wait", None)
            case.call_and_validate(headers=headers, checks=[*CHECKS, no_target_in_an_error])

        tried()


def _name_somebody(case: Any) -> None:
    """A target that is wrong in some other way, where there is room for one."""
    if isinstance(case.body, dict) and "target" in case.body:
        case.body = {**case.body, "target": f"{TARGET}x"}
