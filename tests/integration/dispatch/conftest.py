from collections.abc import Callable, Iterator

import pytest

from tests.fakes.provider import FakeProvider, line_to
from worker.dispatch.provider_loop import ProviderLoop

Connect = Callable[..., ProviderLoop]


@pytest.fixture
def connect() -> Iterator[Connect]:
    """Builds lines to fake providers and closes them afterwards."""
    lines: list[ProviderLoop] = []

    def build(*providers: FakeProvider) -> ProviderLoop:
        lines.append(line_to(*providers))
        return lines[-1]

    yield build
    for line in lines:
        line.close()
