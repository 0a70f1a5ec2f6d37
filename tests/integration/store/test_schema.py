"""What migrations lead to is what worker/store/schema and worker/store/functions say there is today."""

import re
from collections.abc import Iterator

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, func, insert, text, update
from sqlalchemy.exc import IntegrityError

from tests.factories import SECOND, make_attempt, make_batch, make_recipient, make_request
from worker.domain.statuses import (
    ARRIVALS,
    JUDGED_ANEW,
    REPLACEABLE,
    TRANSITIONS,
    AttemptState,
    RequestStatus,
)
from worker.store import schema
from worker.store.connect import connect
from worker.store.functions import HERE
from worker.store.migrate import upgrade
from worker.store.revisions import current, head

# Every fact of a schema that a query, a guard or the planner can notice, as (kind, name, what).
OURS = "c.relnamespace = 'public'::regnamespace AND c.relname NOT LIKE 'alembic_version%'"
CATALOG = {
    "columns": """
        SELECT c.relname || '.' || a.attname, format_type(a.atttypid, a.atttypmod),
               a.attnotnull, a.attidentity, pg_get_expr(d.adbin, d.adrelid)
        FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid
        LEFT JOIN pg_attrdef AS d ON d.adrelid = c.oid AND d.adnum = a.attnum
        WHERE c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped AND OURS
    """,
    "constraints": """
        SELECT c.relname || '.' || k.conname, pg_get_constraintdef(k.oid)
        FROM pg_constraint AS k JOIN pg_class AS c ON c.oid = k.conrelid WHERE OURS
    """,
    "indexes": """
        SELECT c.relname || '.' || i.relname, pg_get_indexdef(i.oid)
        FROM pg_index AS x JOIN pg_class AS c ON c.oid = x.indrelid
        JOIN pg_class AS i ON i.oid = x.indexrelid WHERE OURS
    """,
    "storage": """
        SELECT c.relname, c.reloptions FROM pg_class AS c WHERE c.relkind IN ('r', 'i') AND OURS
    """,
    "functions": """
        SELECT p.proname, pg_get_functiondef(p.oid) FROM pg_proc AS p
        WHERE p.pronamespace = 'public'::regnamespace
    """,
    "triggers": """
        SELECT c.relname || '.' || t.tgname, pg_get_triggerdef(t.oid), t.tgenabled
        FROM pg_trigger AS t JOIN pg_class AS c ON c.oid = t.tgrelid
        WHERE NOT t.tgisinternal AND OURS
    """,
    "comments": """
        SELECT c.relname, d.objsubid, d.description
        FROM pg_description AS d JOIN pg_class AS c ON c.oid = d.objoid WHERE OURS
    """,
}

# Columns that say what they are: their own name, or that of the row they point to.
OBVIOUS = {
    *("id", "batch", "request", "recipient", "campaign", "campaign_id", "attempt", "name"),
    *("created_at", "updated_at", "last_updated_at", "received_at", "began_at", "due_at", "at"),
    *(
        "halted_at",
        "halted_by",
        "heard_at",
        "last_tried_at",
        "delivered_at",
        "lifted_by",
        "lifted_why",
    ),
    *(
        "campaign_name",
        "description",
        "upload_filename",
        "deleted_reason",
        "reason",
        "payload",
        "url",
    ),
    *("channel", "state", "request_status", "channel_manager_status", "to_status"),
}


@pytest.fixture
def described(unmigrated: str) -> Iterator[Engine]:
    """A database made of today's tables and functions, without any migration."""
    made = connect(unmigrated)
    schema.metadata.create_all(made)
    with made.begin() as connection:
        for file in sorted(HERE.glob("*.sql")):
            connection.exec_driver_sql(file.read_text(encoding="utf-8"))
    yield made
    made.dispose()


@pytest.mark.parametrize("kind", CATALOG)
def test_migrations_and_tables_agree(engine: Engine, described: Engine, kind: str) -> None:
    migrated, declared = _facts(engine, kind), _facts(described, kind)

    assert migrated
    assert migrated - declared == set()
    assert declared - migrated == set()


def test_autogenerate_finds_nothing_to_migrate(engine: Engine) -> None:
    with engine.connect() as connection:
        # It thinks between its questions for longer than a worker may, where a machine has much to do.
        connection.execute(text("SET idle_in_transaction_session_timeout = 0"))
        connection.execute(text("SET transaction_timeout = 0"))
        options = {"compare_type": True, "compare_server_default": True}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, schema.metadata) == []


def test_migrating_again_changes_nothing(engine: Engine, database_url: str) -> None:
    upgrade(database_url)

    assert current(engine) == head()


COLUMNS = [column for table in schema.metadata.sorted_tables for column in table.columns]


def test_a_column_that_its_name_does_not_explain_has_a_comment() -> None:
    unexplained = [str(one) for one in COLUMNS if not one.comment and one.name not in OBVIOUS]

    assert unexplained == []
    assert [table.name for table in schema.metadata.sorted_tables if not table.comment] == []
    assert {one.name for one in COLUMNS if not one.comment} >= OBVIOUS


def test_a_table_says_which_triggers_it_has_and_which_write_it(engine: Engine) -> None:
    with engine.begin() as connection:
        triggers = connection.execute(
            text("""
                SELECT t.tgname, t.tgrelid::regclass::text, p.prosrc FROM pg_trigger AS t
                JOIN pg_proc AS p ON p.oid = t.tgfoid WHERE NOT t.tgisinternal
            """)
        ).all()
    said = {table.name: table.comment or "" for table in schema.metadata.sorted_tables}
    written = [
        (trigger, table)
        for trigger, on, body in triggers
        for table in {on, *re.findall(r"(?:INSERT INTO|UPDATE) ([a-z_]+)", body)} & said.keys()
    ]

    assert len(written) > len(triggers)
    assert [(trigger, table) for trigger, table in written if trigger not in said[table]] == []


WRONG_ATTEMPTS = {
    "accepted without a sid": {"state": "ACCEPTED"},
    "not sent but counted": {"state": "NOT_SENT"},
    "closed and still looked after": {"state": "DONE"},
    "open and looked after by nobody": {"check_at": None},
    "in a state nobody knows": {"state": "SENT"},
    "half a position": {"fold_rank": 10},
}


@pytest.mark.parametrize("values", WRONG_ATTEMPTS.values(), ids=WRONG_ATTEMPTS)
def test_the_database_refuses_an_attempt(engine: Engine, values: dict[str, object]) -> None:
    attempt = make_attempt(engine)

    with pytest.raises(IntegrityError), engine.begin() as connection:
        connection.execute(
            update(schema.attempt).where(schema.attempt.c.id == attempt).values(**values)
        )


def test_the_database_refuses_two_attempts_in_flight_to_one_recipient(engine: Engine) -> None:
    recipient = make_recipient(engine)
    make_attempt(engine, request=make_request(engine, recipient=recipient))
    other = make_request(engine, recipient=recipient)

    with pytest.raises(IntegrityError, match="attempt_one_in_flight_per_recipient"):
        make_attempt(engine, request=other, state=AttemptState.IN_DOUBT)


def test_the_database_refuses_two_open_attempts_of_one_request(engine: Engine) -> None:
    request = make_request(engine)
    make_attempt(engine, request=request, state=AttemptState.ACCEPTED)

    with pytest.raises(IntegrityError, match="attempt_one_open_per_request"):
        make_attempt(engine, request=request, state=AttemptState.SENDING)


def test_an_open_attempt_of_the_past_does_not_forbid_the_next(engine: Engine) -> None:
    request = make_request(engine)
    make_attempt(engine, request=request, state=AttemptState.ACCEPTED, late=True)

    assert make_attempt(engine, request=request, state=AttemptState.SENDING)


WRONG_REQUESTS = {
    "under way without an attempt": {"request_status": "INITIATED"},
    "a duplicate that is not marked": {"request_status": "DUPLICATE"},
    "waiting without an address": {"recipient": None, "address": None},
    "in an outcome nobody knows": {"channel_manager_status": "HUNG_UP"},
}


@pytest.mark.parametrize("values", WRONG_REQUESTS.values(), ids=WRONG_REQUESTS)
def test_the_database_refuses_a_request(engine: Engine, values: dict[str, object]) -> None:
    request = make_request(engine)

    with pytest.raises(IntegrityError), engine.begin() as connection:
        connection.execute(
            update(schema.request).where(schema.request.c.id == request).values(**values)
        )


def test_the_database_refuses_one_address_twice_in_a_batch(engine: Engine) -> None:
    batch, recipient = make_batch(engine), make_recipient(engine)
    make_request(engine, batch=batch, recipient=recipient)

    with pytest.raises(IntegrityError, match="communication_request_one_per_recipient"):
        make_request(engine, batch=batch, recipient=recipient, due_in=SECOND)


def _facts(engine: Engine, kind: str) -> set[tuple[str, ...]]:
    with engine.connect() as connection:
        rows = connection.execute(text(CATALOG[kind].replace("OURS", OURS)))
        return {tuple(str(value) for value in row) for row in rows}


def test_the_database_knows_the_table_of_moves(engine: Engine) -> None:
    usual = {
        (a, b) for a in RequestStatus for b in TRANSITIONS[a] if a is not RequestStatus.CANCELED
    }
    came_in = {(None, status) for status in ARRIVALS}
    replaced = usual | came_in | {(RequestStatus.CANCELED, status) for status in JUDGED_ANEW}
    replaced |= {(status, status) for status in REPLACEABLE & JUDGED_ANEW}

    assert _accepted(engine, cause="dispatch", detail=None) == usual | came_in
    assert _accepted(engine, cause="dispatch", detail="replaced") == usual | came_in
    assert _accepted(engine, cause="operator", detail="retry") == usual | came_in
    assert _accepted(engine, cause="operator", detail="replaced") == replaced


def _accepted(engine: Engine, **values: object) -> set[tuple[RequestStatus | None, RequestStatus]]:
    """Every move that the history takes with this cause and detail."""
    return {
        (was, becomes)
        for was in (None, *RequestStatus)
        for becomes in RequestStatus
        if _is_accepted(engine, from_status=was, to_status=becomes, **values)
    }


def _is_accepted(engine: Engine, **values: object) -> bool:
    row = {
        "request": 1,
        "channel_manager_status": "PENDING",
        "at": func.clock_timestamp(),
        **values,
    }
    try:
        with engine.begin() as connection:
            connection.execute(insert(schema.transition).values(**row))
    except IntegrityError:
        return False
    return True
