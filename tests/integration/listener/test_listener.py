"""Who is slow, large or many is hung up on; honest ones beside them are served."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from structlog.testing import capture_logs

from worker.listener.one_line import OneLine
from worker.listener.protocol import MAX_HEAD, MAX_REQUEST, Listening
from worker.listener.room import Room

PATIENCE = 0.3
DEADLINE = 90.0
HONEST = b"POST /read HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi"
HALF = HONEST[:-1]


async def _read(request: Request) -> Response:
    return PlainTextResponse(str(len(await request.body())))


async def _refuse(_: Request) -> Response:
    return Response(status_code=413)


async def _fail(_: Request) -> Response:
    raise ValueError("+15125550100")


async def _much(_: Request) -> Response:
    return Response(b"x" * 20_000_000)


async def _later(request: Request) -> Response:
    await request.app.state.may_answer.wait()
    return PlainTextResponse("done")


APP = Starlette(
    routes=[
        Route("/read", _read, methods=["POST"]),
        Route("/refuse", _refuse, methods=["POST"]),
        Route("/fail", _fail),
        Route("/much", _much),
        Route("/later", _later),
    ]
)


class Served:
    """A listener on a port of its own, and what it told of."""

    def __init__(self, room: Room) -> None:
        self.told: list[str] = []
        options: dict[str, Any] = {
            "port": 0,
            "log_config": None,
            "access_log": False,
            "lifespan": "off",
        }
        self.terms = Listening(
            OneLine(APP), patience=PATIENCE, room=room, tell=self.told.append, **options
        )
        self.server = uvicorn.Server(self.terms)
        self.server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        port = self.server.servers[0].sockets[0].getsockname()[1]
        return await asyncio.open_connection("127.0.0.1", port)

    async def ask(self, request: bytes) -> bytes:
        """The first line of the answer; empty where it hangs up."""
        reader, writer = await self.connect()
        writer.write(request)
        line = await reader.readline()
        writer.close()
        return line


@asynccontextmanager
async def serving(room: Room | None = None) -> AsyncIterator[Served]:
    served = Served(room or Room())
    config = served.terms
    config.load()
    served.server.lifespan = config.lifespan_class(config)
    await served.server.startup()
    try:
        yield served
    finally:
        await served.server.shutdown()


def during(story: Callable[[Served], Awaitable[None]], room: Room | None = None) -> list[str]:
    """What the listener told of during the story."""

    async def play() -> list[str]:
        async with serving(room) as served:
            await asyncio.wait_for(story(served), DEADLINE)
            return served.told

    return asyncio.run(play())


async def hung_up(reader: asyncio.StreamReader) -> None:
    """Returns once the other side has closed, however."""
    try:
        while await reader.read(65_536):
            pass
    except ConnectionError:
        pass


SLOW = {
    "nothing": b"",
    "half a head": b"POST /read HTTP/1.1\r\nHo",
    "a head and no body": HALF[:-1],
    "half a body": HALF,
    "a body already refused": b"POST /refuse HTTP/1.1\r\nContent-Length: 9\r\n\r\nx",
    "half of a second request": HONEST + HALF,
}


@pytest.mark.parametrize("sent", SLOW.values(), ids=SLOW)
def test_a_request_that_does_not_come_to_its_end_is_not_waited_for(sent: bytes) -> None:
    async def story(served: Served) -> None:
        reader, writer = await served.connect()
        writer.write(sent)
        await hung_up(reader)
        writer.close()
        assert b" 200 " in await served.ask(HONEST)

    told = during(story)

    assert told == ["too_slow"]


def test_an_honest_request_may_take_longer_to_be_answered_than_to_arrive() -> None:
    async def story(served: Served) -> None:
        APP.state.may_answer = asyncio.Event()
        answer = asyncio.create_task(served.ask(b"GET /later HTTP/1.1\r\nHost: x\r\n\r\n"))
        silent, writer = await served.connect()
        await hung_up(silent)  # what came with it, or before, would be too late by now
        again, second = await served.connect()
        await hung_up(again)
        APP.state.may_answer.set()
        assert b" 200 " in await answer
        writer.close()
        second.close()

    assert during(story) == ["too_slow", "too_slow"]


def test_empty_lines_after_a_request_keep_no_connection_alive() -> None:
    async def story(served: Served) -> None:
        reader, writer = await served.connect()
        writer.write(HONEST)
        assert b" 200 " in await reader.readline()
        writer.write(b"\r\n")
        await hung_up(reader)
        writer.close()

    assert during(story) == ["too_slow"]


def test_a_dripping_client_gains_no_time_by_each_drop() -> None:
    async def story(served: Served) -> None:
        reader, writer = await served.connect()
        gone = asyncio.create_task(hung_up(reader))
        writer.write(b"POST /read HTTP/1.1\r\nContent-Length: 999999\r\n\r\n")
        while not gone.done():
            writer.write(b"x")
            await asyncio.sleep(PATIENCE / 20)
        writer.close()

    assert during(story) == ["too_slow"]


def test_a_dripping_client_is_hung_up_on_after_it_was_refused() -> None:
    async def story(served: Served) -> None:
        reader, writer = await served.connect()
        gone = asyncio.create_task(hung_up(reader))
        writer.write(b"POST /refuse HTTP/1.1\r\nContent-Length: 999999\r\n\r\n")
        while not gone.done():
            writer.write(b"x")
            await asyncio.sleep(PATIENCE / 20)
        writer.close()

    assert during(story) == ["too_slow"]


LARGE = {
    "an address": b"GET /" + b"a" * MAX_HEAD * 2,
    "a header": b"GET / HTTP/1.1\r\nA: " + b"a" * MAX_HEAD * 2,
    "many headers": b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * MAX_HEAD,
    "a body": b"POST /refuse HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n" + b"x" * MAX_REQUEST * 2,
}


@pytest.mark.parametrize("sent", LARGE.values(), ids=LARGE)
def test_who_sends_too_much_is_hung_up_on(sent: bytes) -> None:
    async def story(served: Served) -> None:
        reader, writer = await served.connect()
        writer.write(sent)
        await hung_up(reader)
        writer.close()

    assert during(story) == ["too_large"]


def test_who_does_not_take_the_answer_is_not_waited_for() -> None:
    async def story(served: Served) -> None:
        _, writer = await served.connect()
        writer.write(b"GET /much HTTP/1.1\r\n\r\n")
        while not served.told:  # noqa: ASYNC110  what is waited for happens in the listener
            await asyncio.sleep(PATIENCE / 20)
        writer.close()

    assert during(story) == ["too_slow"]


def test_the_oldest_of_those_that_stand_makes_room() -> None:
    async def story(served: Served) -> None:
        standing = [await served.connect() for _ in range(4)]
        for _, writer in standing:
            writer.write(HALF)
            assert b" 200 " in await served.ask(HONEST)
        await hung_up(standing[0][0])
        for _, writer in standing:
            writer.close()

    told = during(story, Room(most=3))

    assert told[0] == "no_room"
    assert set(told) <= {"no_room", "too_slow"}


def test_half_sent_bodies_have_one_room_together() -> None:
    async def story(served: Served) -> None:
        head = b"POST /read HTTP/1.1\r\nContent-Length: 600000\r\n\r\n"
        first, second = [await served.connect() for _ in range(2)]
        for _, writer in (first, second):
            writer.write(head + b"x" * 500_000)
        await hung_up(first[0])
        for _, writer in (first, second):
            writer.close()

    assert "no_room" in during(story, Room(most_bytes=800_000))


def test_who_hangs_up_leaves_no_line_and_a_fault_leaves_one(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def story(served: Served) -> None:
        for _ in range(5):
            _, writer = await served.connect()
            writer.write(HALF)
            await writer.drain()
            await asyncio.sleep(0)
            writer.close()
        assert b" 500 " in await served.ask(b"GET /fail HTTP/1.1\r\n\r\n")

    with capture_logs() as told:
        during(story)

    loud = [line for line in told if line["log_level"] != "debug"]
    assert loud == [{"event": "request_failed", "error": "ValueError", "log_level": "error"}]
    assert [record for record in caplog.records if record.levelname in {"ERROR", "WARNING"}] == []
