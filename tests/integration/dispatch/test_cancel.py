"""A newer call is taken back when an older attempt turns out to have reached the person."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, cast

import pytest
from sqlalchemy import Engine

from tests.factories import make_attempt, make_request, make_timeouts, read_request
from tests.fakes.provider import FakeProvider
from worker.dispatch.cancel import cancel_double_calls, hang_up
from worker.dispatch.provider_loop import ProviderLoop
from worker.domain.statuses import AttemptState, Channel
from worker.providers import Providers

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


def make_two_attempts(engine: Engine, *, late: bool, rank: int | None = None) -> int:
    """A request whose first attempt is done, and whose second the provider has accepted."""
    request = make_request(engine)
    make_attempt(engine, request=request, state=AttemptState.DONE, sid="CA-old", late=late)
    fold: dict[str, Any] = (
        {} if rank is None else {"fold_rank": rank, "fold_sequence": 1, "fold_name": "ringing"}
    )
    make_attempt(engine, request=request, state=AttemptState.ACCEPTED, sid="CA-new", **fold)
    return request


def test_the_newer_call_is_canceled_and_nobody_is_called_again(
    engine: Engine, provider_loop: ProviderLoop, provider: FakeProvider
) -> None:
    request = make_two_attempts(engine, late=True)

    assert cancel_double_calls(engine, provider_loop, PATIENCE) == 1

    assert provider.canceled == ["CA-new"]
    row = read_request(engine, request)
    assert (row["request_status"], row["channel_manager_status"]) == ("CANCELED", "CANCELED")
    assert cancel_double_calls(engine, provider_loop, PATIENCE) == 0


@pytest.mark.parametrize(
    ("late", "rank"), [(False, None), (True, 30)], ids=["no late evidence", "rings already"]
)
def test_other_calls_go_on(
    engine: Engine,
    provider_loop: ProviderLoop,
    provider: FakeProvider,
    late: bool,
    rank: int | None,
) -> None:
    make_two_attempts(engine, late=late, rank=rank)

    assert cancel_double_calls(engine, provider_loop, PATIENCE) == 0
    assert provider.canceled == []


def test_a_call_that_can_not_be_ended_harms_nothing(
    engine: Engine, provider_loop: ProviderLoop, provider: FakeProvider
) -> None:
    async def refused(_: str) -> bool:
        raise RuntimeError

    hang_up(engine, provider_loop, "CA-machine")
    assert provider.hung_up == ["CA-machine"]

    provider.hang_up = refused  # type: ignore[method-assign, assignment]  # a provider that breaks
    hang_up(engine, provider_loop, "CA-machine")
