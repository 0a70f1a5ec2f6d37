from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Engine

from tests.fixtures.postgres import set_setting
from worker.desk.database import examine_database
from worker.dispatch.database_identity import ForgetfulDatabase, judge_the_database
from worker.local.postgres import EmbeddedPostgres
from worker.store.connect import connect

pytestmark = pytest.mark.usefixtures("durable")


@pytest.mark.parametrize("name", ["fsync", "full_page_writes", "synchronous_commit"])
def test_what_dispatch_refuses_to_rely_on_is_told_by_the_doctor(
    postgres: EmbeddedPostgres, engine: Engine, name: str
) -> None:
    with turned_off(postgres, name):
        told = [one.what for one in examine_database(engine) if not one.well]
        with pytest.raises(ForgetfulDatabase, match=f"{name} is off"):
            judge_the_database(engine, [])

    assert told == [name]
    assert all(one.well for one in examine_database(engine))


@contextmanager
def turned_off(postgres: EmbeddedPostgres, name: str) -> Iterator[None]:
    set_setting(postgres, name, "off")
    try:
        yield
    finally:
        set_setting(postgres, name, "on")


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
