"""The last byte of a request leaves in time or never, whatever the loop does after the clock was read."""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
import uvloop

from tests.integration.providers.connected import MAIL, connected, ticket
from tests.integration.providers.exchanges import post
from tests.integration.providers.reader import Reader
from tests.integration.providers.test_transport import self_signed
from tests.sessions import eventually
from worker.domain.evidence.answers import Accepted, Answer, NotSent, Unknown
from worker.providers.connections import CutOff, Outlet
from worker.providers.deadline_clock import Moment, boot_clock
from worker.providers.http_replies import Reply, Unanswered
from worker.providers.transport import Transport

T = TypeVar("T")
Run = Callable[[Coroutine[Any, Any, T]], T]

BURST = 120
HUGE = b"x" * 8_000_000


@pytest.fixture(params=[asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Run[Any]:
    chosen: Run[Any] = request.param
    return chosen


@dataclass(frozen=True)
class Speech:
    """What both ends need to understand each other."""

    serves: ssl.SSLContext | None = None
    trusts: ssl.SSLContext | None = None

    @asynccontextmanager
    async def transport(self) -> AsyncIterator[Transport]:
        made = Transport(connect_timeout=5, read_timeout=10, limit=BURST, trust=self.trusts)
        try:
            yield made
        finally:
            await made.close()


@pytest.fixture(params=["plain", "tls"])
def speech(request: pytest.FixtureRequest, tmp_path: Path) -> Speech:
    if request.param == "plain":
        return Speech()
    serves = self_signed(tmp_path)
    return Speech(serves, ssl.create_default_context(cafile=str(tmp_path / "server.pem")))


class StandingStill(Moment):
    """As soon as it has been looked at, the loop has nothing better to do than to miss it."""

    @property
    def passed(self) -> bool:
        asyncio.get_running_loop().call_soon(self.stand_still)
        return super().passed

    def stand_still(self) -> None:
        time.sleep(max(0.0, self.boot + 0.1 - boot_clock()))


def test_a_loop_that_stands_still_after_the_guard_sends_nothing_late(
    run: Run[Any], speech: Speech
) -> None:
    async def scenario(reader: Reader) -> tuple[list[Reply], Moment]:
        async with speech.transport() as transport:
            await asyncio.gather(*(post(transport, reader.url) for _ in range(BURST)))
            reader.whole.clear()
            soon = Moment.now().later(1)
            deadline = StandingStill(soon.boot, soon.wall)
            burst = (post(transport, reader.url, deadline) for _ in range(BURST))
            return await asyncio.gather(*burst), deadline

    with Reader(speech.serves) as reader:
        reader.reads.set()
        replies, deadline = run(scenario(reader))

    assert [reply.status for reply in replies] == [202] * BURST
    assert len(reader.whole) == BURST
    assert max(reader.whole) < deadline.boot


def test_a_thousand_mails_leave_at_once_however_small_the_window_of_their_reader(
    run: Run[Any],
) -> None:
    mails = [replace(ticket(MAIL), token=uuid4()) for _ in range(1_000)]

    async def scenario(reader: Reader) -> list[Answer]:
        providers = connected(reader.url, read_timeout=10)
        soon = Moment.now().later(2)  # time enough to compose them
        deadline = StandingStill(soon.boot, soon.wall)
        answers = await providers.email.place_group(mails, deadline=deadline)
        await providers.close()
        return answers

    with Reader(window=4096) as reader:
        reader.reads.set()
        answers = run(scenario(reader))

    assert all(isinstance(answer, Accepted) for answer in answers)
    assert [body.count(b"outreach_token") for body in reader.bodies] == [1_000]


def test_a_request_that_no_kernel_takes_at_once_arrives_whole(
    run: Run[Any], speech: Speech
) -> None:
    async def scenario(reader: Reader) -> Reply:
        deadline = Moment.now().later(30)
        async with speech.transport() as transport:
            return await transport.exchange(
                "POST", reader.url, headers={}, body=HUGE, deadline=deadline
            )

    with Reader(speech.serves, window=4096) as reader:
        reader.reads.set()
        reply = run(scenario(reader))

    assert reply.status == 202
    assert reader.bodies == [HUGE]


def test_its_last_part_does_not_leave_after_the_deadline(run: Run[Any], speech: Speech) -> None:
    """The reader has read all that left before it; for the rest it waits in vain."""

    async def scenario(reader: Reader) -> NotSent | Unknown:
        deadline = Moment.now().later(0.5)
        asyncio.get_running_loop().call_later(0.7, reader.reads.set)
        async with speech.transport() as transport:
            with pytest.raises(Unanswered) as late:
                await transport.exchange(
                    "POST", reader.url, headers={}, body=HUGE, deadline=deadline
                )
            return late.value.outcome

    with Reader(speech.serves, window=4096) as reader:
        outcome = run(scenario(reader))
        eventually(lambda: reader.cut > 0)

    assert outcome == Unknown("deadline")
    assert not reader.whole


def test_what_the_kernel_does_not_take_at_once_is_thrown_away(run: Run[Any]) -> None:
    async def scenario(port: int) -> bool:
        plain, _ = await asyncio.get_running_loop().create_connection(
            asyncio.Protocol, "127.0.0.1", port
        )
        outlet = Outlet(plain, plain)
        assert not outlet.takes(HUGE)
        with pytest.raises(CutOff):
            outlet.write(HUGE)
        return plain.is_closing()

    with Reader(window=4096) as reader:
        port = urlsplit(reader.url).port
        assert port is not None
        assert run(scenario(port))
