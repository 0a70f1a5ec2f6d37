"""A channel its provider refused sends again once the provider answers; a campaign waits for somebody."""

from collections.abc import Iterator
from datetime import timedelta
from typing import cast

import pytest
from sqlalchemy import Engine

from tests.fakes.provider import FakeProvider, FakeProviders
from worker.dispatch.halt import Scope, halt, halts_in_force
from worker.dispatch.probe import probe
from worker.dispatch.provider_loop import ProviderLoop
from worker.domain.statuses import Channel
from worker.providers import Providers

AT_ONCE = timedelta(0)


class Probed(FakeProvider):
    """Answers the probe as it is told."""

    answers_now = False
    probes = 0

    async def probe(self) -> bool:
        """Whether it answers."""
        self.probes += 1
        return self.answers_now


@pytest.fixture
def provider() -> Probed:
    return Probed(Channel.SMS)


@pytest.fixture
def provider_loop(provider: Probed) -> Iterator[ProviderLoop]:
    made = ProviderLoop(lambda: cast(Providers, FakeProviders(provider)))
    yield made
    made.close()


def test_a_channel_resumes_when_its_provider_answers(
    engine: Engine, provider_loop: ProviderLoop, provider: Probed
) -> None:
    halt(engine, "channel", "sms", "account suspended", "provider")

    probe(engine, provider_loop, AT_ONCE)
    assert len(halts_in_force(engine)) == 1

    provider.answers_now = True
    probe(engine, provider_loop, AT_ONCE)
    assert halts_in_force(engine) == []


def test_a_halt_is_left_alone_for_a_while(
    engine: Engine, provider_loop: ProviderLoop, provider: Probed
) -> None:
    halt(engine, "channel", "sms", "account suspended", "provider")

    probe(engine, provider_loop, timedelta(minutes=1))

    assert provider.probes == 0


@pytest.mark.parametrize(
    ("scope", "key", "by"),
    [("channel", "sms", "ana@example.com"), ("campaign", "1", "provider"), ("all", "", "outreach")],
    ids=["an operator's", "a campaign's", "a strange database's"],
)
def test_any_other_halt_waits_for_an_operator(
    engine: Engine, provider_loop: ProviderLoop, provider: Probed, scope: str, key: str, by: str
) -> None:
    provider.answers_now = True
    halt(engine, scope, key, "a reason", by)  # type: ignore[arg-type]  # one of the three scopes

    probe(engine, provider_loop, AT_ONCE)

    assert (len(halts_in_force(engine)), provider.probes) == (1, 0)


@pytest.mark.parametrize("by", ["ana@example.com", "report"])
def test_what_only_a_person_lifts_stays_where_the_provider_had_halted_before(
    engine: Engine, provider_loop: ProviderLoop, provider: Probed, by: str
) -> None:
    provider.answers_now = True
    halt(engine, "channel", "sms", "account suspended", "provider")

    assert halt(engine, "channel", "sms", "a wrong template", by)
    assert not halt(engine, "channel", "sms", "account suspended", "provider")
    probe(engine, provider_loop, AT_ONCE)

    [row] = halts_in_force(engine)
    assert (row.halted_by, row.reason) == (by, "a wrong template (before: account suspended)")


@pytest.mark.parametrize("later", ["provider", "report", "outreach", "bo@example.com"])
@pytest.mark.parametrize("scope", [("all", ""), ("channel", "sms"), ("campaign", "7")])
def test_a_persons_halt_is_written_over_by_nobody(
    engine: Engine, scope: tuple[Scope, str], later: str
) -> None:
    halt(engine, *scope, "a wrong template", "ana@example.com")

    assert not halt(engine, *scope, "something else", later)

    [row] = halts_in_force(engine)
    assert (row.halted_by, row.reason) == ("ana@example.com", "a wrong template")
