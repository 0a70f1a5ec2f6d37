import pytest
from sqlalchemy import Engine

from worker.desk.database import examine_database
from worker.store.connect import connect

pytestmark = pytest.mark.usefixtures("durable")


def test_a_database_that_is_up_to_date_is_well(engine: Engine) -> None:
    findings = {finding.what: finding for finding in examine_database(engine)}

    assert findings["database version"].well
    assert findings["migrations"].well


def test_a_database_without_our_tables_is_told_apart(engine: Engine) -> None:
    """The maintenance database has never been migrated."""
    bare = connect(engine.url.set(database="postgres").render_as_string(hide_password=False))
    try:
        findings = {finding.what: finding for finding in examine_database(bare)}
    finally:
        bare.dispose()

    assert not findings["migrations"].well
    assert "none applied" in findings["migrations"].found
    assert "outreach db upgrade" in findings["migrations"].advice
