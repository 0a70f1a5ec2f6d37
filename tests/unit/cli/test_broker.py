import socket

import pytest

from worker.cli.broker import fault, without_password


@pytest.mark.parametrize(
    ("address", "masked"),
    [
        ("postgresql+psycopg://me:secret@db/x", "postgresql+psycopg://me:***@db/x"),
        ("redis://:secret@broker:6379/0", "redis://:***@broker:6379/0"),
        ("redis://broker:6379/0", "redis://broker:6379/0"),
        ("can't reach amqp://me:secret@host now", "can't reach amqp://me:***@host now"),
    ],
)
def test_no_password_is_shown(address: str, masked: str) -> None:
    assert without_password(address) == masked


@pytest.mark.parametrize("scheme", ["redis", "amqp"])
def test_a_broker_that_is_away_is_a_fault(scheme: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]

    assert fault(f"{scheme}://127.0.0.1:{port}") is not None


def test_a_broker_that_listens_is_none() -> None:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()

        assert fault(f"amqp://127.0.0.1:{listening.getsockname()[1]}") is None
