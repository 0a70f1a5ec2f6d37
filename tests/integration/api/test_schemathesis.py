"""The public API tried by its own document: no fault of ours, and no answer that it does not tell of."""

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
from worker.runtime import Runtime

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
EXAMPLES = 12
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


def test_every_operation_answers_as_it_says(schema: Any, engine: Engine) -> None:
    headers = {"Syllable-API-Key": make_key(engine, per_second=100_000)}
    operations = [one.ok() for one in schema.get_all_operations()]
    public = [one for one in operations if one.path.startswith("/api/v1/outbound")]
    assert len(public) == 14

    for operation in public:

        @TRIED
        @given(case=operation.as_strategy(), there=st.booleans())
        def tried(case: Any, there: bool) -> None:
            if there:
                known = {"batch_id": "B", "campaign_id": 1}
                case.path_parameters = {name: known[name] for name in case.path_parameters or {}}
            case.call_and_validate(headers=headers, checks=CHECKS)

        tried()
