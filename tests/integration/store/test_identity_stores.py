"""A memory of the database that can't be read lets nothing through."""

import json
from collections.abc import Callable
from pathlib import Path
from threading import Event

import pytest
from redis import Redis
from sqlalchemy import Engine

from worker.dispatch.database_identity import (
    NotRecognizable,
    adopt_the_database,
    is_refused,
    know_the_database,
    recognition_of,
    wait_until_known,
)
from worker.dispatch.halt import halts_in_force
from worker.domain.database_identity import Recognition, RememberedIdentity
from worker.store.identity_stores import (
    BrokerIdentityStore,
    FileIdentityStore,
    IdentityStoreAway,
    IdentityStoreUnfit,
    open_identity_stores,
)

pytestmark = pytest.mark.usefixtures("durable")

NOWHERE = "redis://127.0.0.1:1/0"
DAMAGED = ["", "{", "null", "[]", "7", '{"system": "71:5"}', "\x00\x01", '"71:5"']


def a_file(state_dir: Path) -> None:
    state_dir.write_text("", encoding="utf-8")


def a_folder(state_dir: Path) -> None:
    (state_dir / "database.json").mkdir(parents=True)


def a_loop(state_dir: Path) -> None:
    state_dir.symlink_to(state_dir)


@pytest.mark.parametrize("text", DAMAGED)
def test_a_damaged_file_refuses_until_an_operator_has_looked(
    engine: Engine, state_dir: Path, text: str
) -> None:
    state_dir.mkdir()
    (state_dir / "database.json").write_text(text, encoding="utf-8")
    memory = FileIdentityStore(state_dir)
    with pytest.raises(
        IdentityStoreUnfit, match=r"database\.json \(STATE_DIR\).* is damaged: .*--after"
    ):
        know_the_database(engine, [memory])

    adopt_the_database(engine, [memory])

    assert know_the_database(engine, [memory]) is Recognition.KNOWN


@pytest.mark.parametrize("place", [a_file, a_folder, a_loop])
def test_a_state_dir_that_cannot_be_read_refuses(
    engine: Engine, state_dir: Path, place: Callable[[Path], None]
) -> None:
    place(state_dir)

    assert is_refused(engine, [FileIdentityStore(state_dir)])
    for look in (know_the_database, recognition_of):
        with pytest.raises(IdentityStoreUnfit, match=r"STATE_DIR.*can't be read \(\w+Error\)"):
            look(engine, [FileIdentityStore(state_dir)])


def test_a_state_dir_that_cannot_be_written_refuses(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(IdentityStoreUnfit, match=r"STATE_DIR.*can't be (read|written)"):
        know_the_database(engine, [Unread(tmp_path / "file" / "state")])


class Unread(FileIdentityStore):
    """A memory of which only the writing is tried."""

    def recall(self) -> RememberedIdentity | None:
        """Nothing."""


@pytest.fixture
def broker(broker_url: str) -> Redis:
    return Redis.from_url(broker_url)


@pytest.mark.parametrize("text", DAMAGED)
def test_a_damaged_key_refuses_until_an_operator_has_looked(
    engine: Engine, broker: Redis, text: str
) -> None:
    broker.set(BrokerIdentityStore.KEY, text)
    memory = BrokerIdentityStore(broker)
    with pytest.raises(IdentityStoreUnfit, match=r"BROKER_URL, where .* is damaged"):
        know_the_database(engine, [memory])

    adopt_the_database(engine, [memory])

    assert know_the_database(engine, [memory]) is Recognition.KNOWN


def test_a_key_of_another_kind_refuses(engine: Engine, broker: Redis) -> None:
    broker.lpush(BrokerIdentityStore.KEY, "x")

    with pytest.raises(IdentityStoreUnfit):
        know_the_database(engine, [BrokerIdentityStore(broker)])


def test_a_server_that_is_away_is_waited_for(
    engine: Engine, state_dir: Path, broker_url: str
) -> None:
    """Its memory may be the only one that tells this database from the one before."""
    know_the_database(engine, open_identity_stores(state_dir, broker_url, broker_url))
    away = open_identity_stores(state_dir, "amqp://127.0.0.1:1", NOWHERE)
    with pytest.raises(
        IdentityStoreAway, match=r"the server of LIMITS_URL, where .* ConnectionError"
    ):
        know_the_database(engine, away)
    assert not is_refused(engine, away)
    assert not halts_in_force(engine)


def test_a_server_that_takes_no_write_is_waited_for(engine: Engine, broker: Redis) -> None:
    broker.config_set("maxmemory", 1)
    try:
        with pytest.raises(IdentityStoreAway, match="OutOfMemory"):
            know_the_database(engine, [BrokerIdentityStore(broker)])
    finally:
        broker.config_set("maxmemory", 0)


def test_what_nobody_foresaw_refuses() -> None:
    def look() -> None:
        json.loads("{")

    with pytest.raises(NotRecognizable, match=r"can't be told .*\(JSONDecodeError at .*:\d+\)"):
        wait_until_known(look, Event())
