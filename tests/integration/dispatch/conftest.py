from collections.abc import Callable, Iterator, Mapping

import pytest

from tests.fakes.provider import FakeProvider, FakeProviders, loop_to
from worker.dispatch.provider_loop import ProviderLoop

Connect = Callable[..., ProviderLoop]


@pytest.fixture
def connect() -> Iterator[Connect]:
    """Builds lines to fake providers and closes them afterwards."""
    lines: list[ProviderLoop] = []

    def build(
        *providers: FakeProvider, beside: Mapping[str, FakeProviders] | None = None
    ) -> ProviderLoop:
        lines.append(loop_to(*providers, beside=beside))
        return lines[-1]

    yield build
    for provider_loop in lines:
        provider_loop.close()
