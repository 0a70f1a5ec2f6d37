"""Nothing is written after its deadline, and nothing arrives after we gave up."""

import asyncio
from contextlib import suppress
from socket import SO_RCVBUF, SOL_SOCKET, socket

import pytest

from tests.integration.providers.exchanges import post
from tests.integration.providers.wire import Step, Wire, answer
from worker.domain.answers import NotSent, Unknown
from worker.providers.replies import Reply, Unanswered
from worker.providers.transport import Transport, boot_clock


@pytest.mark.parametrize("reused", [False, True], ids=["new connection", "kept connection"])
def test_past_the_deadline_no_byte_is_written(reused: bool) -> None:
    async def scenario() -> tuple[NotSent | Unknown, int, Wire]:
        async with Wire([answer()] * 3) as wire:
            transport = Transport(connect_timeout=1, read_timeout=1, limit=1)
            if reused:
                await post(transport, wire.url, boot_clock() + 60)
            before = wire.bytes_received
            with pytest.raises(Unanswered) as late:
                await post(transport, wire.url, boot_clock() - 0.001)
            written = wire.bytes_received - before
            await post(transport, wire.url, boot_clock() + 60)
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
            deadline = boot_clock() + 0.1
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


def test_a_timed_out_request_is_not_flushed_later() -> None:
    """The server reads only after we gave up: it must find a reset, not the rest of our body."""
    body = b"x" * 1_000_000
    with socket() as listener:
        listener.setsockopt(SOL_SOCKET, SO_RCVBUF, 4096)
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"

        async def give_up_and_stay() -> tuple[Reply | NotSent | Unknown, int]:
            transport = Transport(connect_timeout=1, read_timeout=0.3, limit=1)
            with pytest.raises(Unanswered) as late:
                await transport.exchange("POST", url, headers={}, body=body)
            received = await asyncio.to_thread(received_late, listener)
            await transport.close()
            return late.value.outcome, received

        outcome, received = asyncio.run(give_up_and_stay())

    assert outcome == Unknown("read_timeout")
    assert received < len(body)


def received_late(listener: socket) -> int:
    received = 0
    accepted, _ = listener.accept()
    with accepted, suppress(ConnectionResetError):
        accepted.settimeout(5)
        while part := accepted.recv(65_536):
            received += len(part)
    return received
