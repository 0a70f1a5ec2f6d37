from collections.abc import Callable, Iterator

import pytest

from tests.fakes.provider import FakeProvider, line_to
from worker.dispatch.line import Line

Connect = Callable[..., Line]


@pytest.fixture
def connect() -> Iterator[Connect]:
    """Builds lines to fake providers and closes them afterwards."""
    lines: list[Line] = []

    def build(*providers: FakeProvider) -> Line:
        lines.append(line_to(*providers))
        return lines[-1]

    yield build
    for line in lines:
        line.close()
