"""A provider that is down: it answers in every wrong way, and hides what it accepted until that is over."""

import time

from tests.fixtures.sandbox import Sandbox
from worker.sandbox.faults import OUTAGE
from worker.sandbox.options import Options


def options(down_from: float = 0.0, down_until: float = 0.0) -> Options:
    made = Options(0, "AC", "token", "key", webhook_url="", webhook_private_key="")
    made.down_from, made.down_until = down_from, down_until
    return made


def test_while_it_is_down_its_lists_lack_what_it_accepts_meanwhile() -> None:
    now = time.time()
    down, over = options(down_from=now - 5, down_until=now + 60), options(down_from=1, down_until=2)

    assert down.hides(now)
    assert not down.hides(now - 10)
    assert not over.hides(now)
    assert not options().hides(now)


def test_every_way_to_be_down_comes_by_turns() -> None:
    assert {"unavailable", "timeout", "cut", "cut-accepted", "error-accepted"} <= set(OUTAGE)


def test_it_can_be_taken_down_while_it_runs(sandbox: Sandbox) -> None:
    sandbox.change(down_from=time.time(), down_until=time.time() + 60)
    sandbox.reset()
