"""What an error of the database may say: which kind it was, and nothing of what was asked."""

import pytest
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import StatementError

from tests.factories import make_recipient
from worker.store.connect import StoreRefused, StoreUnavailable, in_transaction

CANARY = "+15125558437"

REFUSED = {
    "not a number": "SELECT CAST(:canary AS integer)",
    "already there": "INSERT INTO recipient (channel, identity) VALUES ('voice', :canary)",
    "against a rule": "INSERT INTO recipient (channel, identity) VALUES (:canary, 'x')",
}


@pytest.mark.parametrize("statement", REFUSED.values(), ids=REFUSED)
def test_what_is_refused_is_not_repeated(engine: Engine, statement: str) -> None:
    make_recipient(engine, address=CANARY)

    with pytest.raises(StoreRefused) as refused:
        in_transaction(engine, lambda c: c.execute(text(statement), {"canary": CANARY}))

    assert refused.value.code in str(refused.value)
    assert CANARY not in str(refused.value)
    assert refused.value.__suppress_context__


def test_nor_is_what_the_driver_itself_refuses(engine: Engine) -> None:
    with pytest.raises(StoreRefused) as refused:
        in_transaction(engine, lambda c: c.execute(text("SELECT :v"), {"v": f"{CANARY}\x00"}))

    assert CANARY not in str(refused.value)


def test_nor_are_the_parameters_of_a_statement_that_broke(engine: Engine) -> None:
    with pytest.raises(StatementError) as broke:
        in_transaction(engine, lambda c: c.execute(text("SELECT :a, :b"), {"a": CANARY}))

    assert CANARY not in str(broke.value)


def test_nor_of_one_that_was_not_taken(engine: Engine) -> None:
    def insert(connection: Connection) -> None:
        connection.execute(text("SET TRANSACTION READ ONLY"))
        connection.execute(
            text("INSERT INTO recipient (channel, identity) VALUES ('voice', :canary)"),
            {"canary": CANARY},
        )

    with pytest.raises(StoreUnavailable, match="read-only") as away:
        in_transaction(engine, insert)

    assert CANARY not in str(away.value)
