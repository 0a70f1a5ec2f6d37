import json

import pytest
from typer.testing import CliRunner

from worker.cli.main import app
from worker.domain.contract.messages import PAYLOADS


def test_the_names_are_listed() -> None:
    assert CliRunner().invoke(app, ["messages", "list"]).stdout.split() == list(PAYLOADS)


@pytest.mark.parametrize("name", PAYLOADS)
def test_a_schema_is_printed_as_json(name: str) -> None:
    told = CliRunner().invoke(app, ["messages", "schema", name])

    assert json.loads(told.stdout)["title"] == name
