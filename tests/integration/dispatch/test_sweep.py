from sqlalchemy import Engine

from tests.factories import SECOND, make_batch, make_request, read, read_request
from worker.dispatch.sweep import sweep
from worker.domain.statuses import RequestStatus
from worker.store import schema


def test_a_sweep_closes_and_finishes_an_expired_batch(engine: Engine) -> None:
    batch = make_batch(engine, expires_in=-SECOND)
    request = make_request(engine, batch=batch)

    sweep(engine)

    assert read_request(engine, request)["request_status"] == "CANCELED"
    assert read(engine, schema.batch, batch)["finished_at"] is not None


def test_a_sweep_leaves_an_open_batch_alone(engine: Engine) -> None:
    batch = make_batch(engine)
    request = make_request(engine, batch=batch)
    make_request(engine, batch=batch, status=RequestStatus.COMPLETED)

    sweep(engine)

    assert read_request(engine, request)["request_status"] == "PENDING"
    assert read(engine, schema.batch, batch)["finished_at"] is None


def test_a_sweep_may_be_repeated(engine: Engine) -> None:
    batch = make_batch(engine, expires_in=-SECOND)
    make_request(engine, batch=batch)
    sweep(engine)
    finished_at = read(engine, schema.batch, batch)["finished_at"]

    sweep(engine)

    assert read(engine, schema.batch, batch)["finished_at"] == finished_at
