"""`pause --wait`: back when nothing of the batch can reach a provider any more."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from types import SimpleNamespace
from typing import cast

import pytest
from sqlalchemy import Engine

from tests.factories import (
    SECOND,
    make_attempt,
    make_batch,
    make_request,
    make_timeouts,
    read,
    read_request,
)
from tests.fakes.provider import FakeProvider
from worker.dispatch.drain import drain
from worker.dispatch.provider_loop import ProviderLoop
from worker.domain.statuses import AttemptState, Channel
from worker.providers import Providers
from worker.store import attempts, schema
from worker.store.connect import in_transaction

PATIENCE = make_timeouts()


@pytest.fixture
def provider() -> FakeProvider:
    return FakeProvider(Channel.VOICE)


@pytest.fixture
def provider_loop(provider: FakeProvider) -> Iterator[ProviderLoop]:
    async def close() -> None: ...

    made = ProviderLoop(lambda: cast(Providers, SimpleNamespace(voice=provider, close=close)))
    yield made
    made.close()


def name_of(engine: Engine, batch: int) -> str:
    return str(read(engine, schema.batch, batch)["batch_id"])


def test_it_waits_for_what_is_on_its_way(engine: Engine, provider_loop: ProviderLoop) -> None:
    batch = make_batch(engine)
    request = make_request(engine, batch=batch)
    make_attempt(engine, request=request, state=AttemptState.SENDING, check_in=0.7 * SECOND)

    drained = drain(engine, provider_loop, PATIENCE, name_of(engine, batch))

    assert drained.seconds > 0.4


@pytest.mark.parametrize(
    ("state", "check_in"),
    [(AttemptState.IN_DOUBT, 60 * SECOND), (AttemptState.SENDING, -SECOND)],
    ids=["in doubt", "past its deadline"],
)
def test_it_does_not_wait_for_what_can_no_longer_be_written(
    engine: Engine, provider_loop: ProviderLoop, state: AttemptState, check_in: timedelta
) -> None:
    batch = make_batch(engine)
    request = make_request(engine, batch=batch)
    make_attempt(engine, request=request, state=state, check_in=check_in)

    with ThreadPoolExecutor() as pool:
        drained = pool.submit(
            drain, engine, provider_loop, PATIENCE, name_of(engine, batch)
        ).result(5)

    assert drained.canceled == 0


def test_what_was_written_and_not_answered_is_given_time_to_arrive(
    engine: Engine, provider_loop: ProviderLoop
) -> None:
    """A provider that stands still reads it when it goes on, though we have given up by then."""
    batch = make_batch(engine)
    for code in ("read_timeout", "cut_off"):
        request = make_request(engine, batch=batch)
        make_attempt(
            engine, request=request, state=AttemptState.IN_DOUBT, error_code=code, began_ago=SECOND
        )

    soon = drain(engine, provider_loop, make_timeouts(arrival=4 * SECOND), name_of(engine, batch))

    assert soon.seconds > 0.4
    assert (
        drain(engine, provider_loop, make_timeouts(arrival=SECOND), name_of(engine, batch)).seconds
        < 0.4
    )


def test_calls_that_were_not_dialed_yet_are_taken_back_and_wait_again(
    engine: Engine, provider_loop: ProviderLoop, provider: FakeProvider
) -> None:
    batch = make_batch(engine)
    waiting, ringing = make_request(engine, batch=batch), make_request(engine, batch=batch)
    make_attempt(engine, request=waiting, state=AttemptState.ACCEPTED, sid="CA-waiting")
    make_attempt(
        engine,
        request=ringing,
        state=AttemptState.ACCEPTED,
        sid="CA-ringing",
        fold_rank=30,
        fold_sequence=1,
        fold_name="ringing",
    )

    drained = drain(engine, provider_loop, PATIENCE, name_of(engine, batch))

    assert (drained.canceled, provider.canceled) == (1, ["CA-waiting"])
    row = read_request(engine, waiting)
    assert (row["request_status"], row["channel_manager_status"]) == ("PENDING", "CANCELED")
    assert row["extra_attempts"] == 1
    assert read_request(engine, ringing)["request_status"] == "INITIATED"


def test_another_batch_does_not_hold_it_up(engine: Engine, provider_loop: ProviderLoop) -> None:
    other = make_request(engine)
    attempt = make_attempt(engine, request=other, state=AttemptState.SENDING)
    batch = make_batch(engine)

    with ThreadPoolExecutor() as pool:
        pool.submit(drain, engine, provider_loop, PATIENCE, name_of(engine, batch)).result(5)

    facts = in_transaction(engine, attempts.lock, [attempt])[attempt]
    assert facts.state is AttemptState.SENDING
