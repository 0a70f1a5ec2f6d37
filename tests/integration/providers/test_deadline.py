"""Nothing is written after its deadline, and nothing arrives after we gave up."""

import asyncio
import fcntl
import struct
import termios
from collections.abc import Callable
from contextlib import suppress
from socket import SO_RCVBUF, SOL_SOCKET, socket
from typing import Any

import pytest
import uvloop

from tests.integration.providers.exchanges import post
from tests.integration.providers.wire import Step, Wire, answer
from worker.domain.evidence.answers import NotSent, Unknown
from worker.providers.deadline_clock import Moment
from worker.providers.http_replies import Reply, Unanswered
from worker.providers.transport import Transport


@pytest.mark.parametrize("reused", [False, True], ids=["new connection", "kept connection"])
def test_past_the_deadline_no_byte_is_written(reused: bool) -> None:
    async def scenario() -> tuple[NotSent | Unknown, int, Wire]:
        async with Wire([answer()] * 3) as wire:
            transport = Transport(connect_timeout=1, read_timeout=1, limit=1)
            if reused:
                await post(transport, wire.url, Moment.now().later(60))
            before = wire.bytes_received
            with pytest.raises(Unanswered) as late:
                await post(transport, wire.url, Moment.now().later(-0.001))
            written = wire.bytes_received - before
            await post(transport, wire.url, Moment.now().later(60))
            await transport.close()
            return late.value.outcome, written, wire

    outcome, written, wire = asyncio.run(scenario())

    assert outcome == NotSent("deadline")
    assert written == 0
    assert len(wire.seen) == 1 + reused
    assert wire.connections == 1, "the unused connection is kept for the next"


def test_the_deadline_is_looked_at_after_the_wait_for_a_connection() -> None:
    async def scenario() -> tuple[list[Reply | NotSent | Unknown], Wire]:
        async with Wire([Step(then="hang"), answer()]) as wire:
            transport = Transport(connect_timeout=2, read_timeout=0.3, limit=1)
            deadline = Moment.now().later(0.1)
            outcomes = await asyncio.gather(
                *(post(transport, wire.url, deadline) for _ in range(2)), return_exceptions=True
            )
            await transport.close()
            return [
                one.outcome if isinstance(one, Unanswered) else one
                for one in outcomes
                if not isinstance(one, BaseException) or isinstance(one, Unanswered)
            ], wire

    outcomes, wire = asyncio.run(scenario())

    assert outcomes == [Unknown("read_timeout"), NotSent("deadline")]
    assert len(wire.seen) == 1


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
def test_a_timed_out_request_is_not_flushed_later(run: Callable[[Any], Any]) -> None:
    """The server reads on after we gave up: it finds what its own kernel had, and not one byte more."""
    with socket() as listener:
        listener.setsockopt(SOL_SOCKET, SO_RCVBUF, 4096)
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"

        async def give_up_and_stay(size: int) -> tuple[NotSent | Unknown, int, int]:
            transport = Transport(connect_timeout=1, read_timeout=0.3, limit=1)
            with pytest.raises(Unanswered) as late:
                await transport.exchange("POST", url, headers={}, body=b"x" * size)
            for _ in range(3):  # an aborted socket is closed when the loop comes to it
                await asyncio.sleep(0)
            with listener.accept()[0] as accepted:
                had = waiting(accepted)
                received = await asyncio.to_thread(received_late, accepted)
            await transport.close()
            return late.value.outcome, had, received

        for size in (300_000, 3_000_000):
            outcome, had, received = run(give_up_and_stay(size))
            assert outcome == Unknown("read_timeout")
            assert received <= had


@pytest.mark.parametrize("behind", [{"boot": 1}, {"wall": 1}], ids=["boot clock", "wall clock"])
def test_either_clock_stops_a_request(behind: dict[str, int]) -> None:
    """A host that suspends its guest is seen on the wall clock only, a clock set back on the other."""

    async def scenario() -> tuple[NotSent | Unknown, Wire]:
        async with Wire([answer()]) as wire:
            transport = Transport(connect_timeout=1, read_timeout=1, limit=1)
            now = Moment.now()
            deadline = Moment(
                now.boot + 60 - 61 * behind.get("boot", 0),
                now.wall + 60 - 61 * behind.get("wall", 0),
            )
            with pytest.raises(Unanswered) as late:
                await post(transport, wire.url, deadline)
            await transport.close()
            return late.value.outcome, wire

    outcome, wire = asyncio.run(scenario())

    assert outcome == NotSent("deadline")
    assert not wire.bytes_received


def waiting(accepted: socket) -> int:
    """How many bytes its kernel has for whoever reads it."""
    count: int
    (count,) = struct.unpack("i", fcntl.ioctl(accepted, termios.FIONREAD, b"\0" * 4))
    return count


def received_late(accepted: socket) -> int:
    received = 0
    with suppress(ConnectionResetError):
        accepted.settimeout(5)
        while part := accepted.recv(65_536):
            received += len(part)
    return received


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
def test_a_closed_transport_sends_nothing_more(run: Callable[[Any], Any]) -> None:
    """A request larger than any buffer is on its way when the process ends."""
    with socket() as listener:
        listener.setsockopt(SOL_SOCKET, SO_RCVBUF, 4096)
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"

        async def close_and_stay() -> tuple[int, int]:
            transport = Transport(connect_timeout=1, read_timeout=30, limit=1)
            body = b"x" * 3_000_000
            sending = asyncio.create_task(transport.exchange("POST", url, headers={}, body=body))
            accepted, _ = await asyncio.to_thread(listener.accept)
            with accepted:
                while not waiting(accepted):  # noqa: ASYNC110  the kernel has no event
                    await asyncio.sleep(0)
                await transport.close()
                for _ in range(3):
                    await asyncio.sleep(0)
                had = waiting(accepted)
                received = await asyncio.to_thread(received_late, accepted)
            with pytest.raises(Unanswered):
                await sending
            return had, received

        had, received = run(close_and_stay())

    assert received <= had
