from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tests.keys import PUBLIC_KEY
from worker.cli.main import app

Outreach = Callable[..., Result]
NOWHERE = "redis://127.0.0.1:1/0"


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Every setting that must be set, and a state directory of its own; no database."""
    return {
        "STATE_DIR": str(tmp_path / "state"),
        "BROKER_URL": NOWHERE,
        "TWILIO_ACCOUNT_SID": "AC" + "5a" * 16,
        "TWILIO_AUTH_TOKEN": "token-under-test",
        "TWILIO_API_URL": "http://127.0.0.1:9",
        "SENDGRID_API_KEY": "key-under-test",
        "SENDGRID_API_URL": "http://127.0.0.1:9",
        "SENDGRID_WEBHOOK_KEY": PUBLIC_KEY,
        "PUBLIC_URL": "http://127.0.0.1:8",
        "FLOWER_BASIC_AUTH": "flower:under-test",
        "OPERATOR_EMAIL": "ana@example.com",
        "COLUMNS": "200",
    }


@pytest.fixture
def outreach(environment: dict[str, str], database_url: str) -> Outreach:
    """Runs the command against a database of the test's own."""

    def run(*arguments: str, **settings: str) -> Result:
        return CliRunner().invoke(
            app, list(arguments), env=environment | {"DATABASE_URL": database_url} | settings
        )

    return run


@pytest.fixture(autouse=True)
def every_deed_is_written_down(audited: None) -> None:
    """Nothing is changed through this door without a row of the audit."""
