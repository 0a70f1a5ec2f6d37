"""`python -m tests.benchmarks.bare CHANNEL BATCH N CHUNK FLUSH`: connect, wait for a line, dispatch, tell.

Addresses come from the environment, as in our own processes. Prints one JSON object.
"""

import asyncio
import json
import os
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit
from uuid import uuid4

import orjson
import psycopg
import uvloop
from psycopg.rows import dict_row

from tests.benchmarks.bare import statements
from tests.benchmarks.bare.http import Wires
from tests.benchmarks.bare.statements import Connection, Row, rows

LANES = 8
CALLBACKS = "http://127.0.0.1:9/callbacks"
EVENTS = ("initiated", "ringing", "answered", "completed")


async def main(channel: str, batch: int, n: int, chunk: int, flush: int) -> None:
    """Claim everything that is due, then send it chunk by chunk, on several lanes."""
    stub = urlsplit(os.environ["TWILIO_API_URL"])
    assert stub.hostname
    assert stub.port
    wires = Wires(stub.hostname, stub.port)
    lanes = [await _connected() for _ in range(LANES)]
    await asyncio.to_thread(sys.stdin.readline)
    began, used = time.monotonic(), time.process_time()
    chunks = _chunks(batch, n, chunk, lanes[0])
    lock = asyncio.Lock()

    async def work(connection: Connection) -> None:
        while True:
            async with lock:
                claimed = await anext(chunks, None)
            if claimed is None:
                return
            await Delivery(connection, wires, channel, batch, flush).run(*claimed)

    async with asyncio.TaskGroup() as group:
        for connection in lanes[1:]:
            group.create_task(work(connection))
    print(json.dumps([time.monotonic() - began, time.process_time() - used]), flush=True)
    for connection in lanes:
        await connection.close()


async def _connected() -> Connection:
    return await psycopg.AsyncConnection[Row].connect(
        os.environ["DATABASE_URL"], autocommit=True, row_factory=dict_row
    )


async def _chunks(batch: int, n: int, size: int, connection: Connection) -> Any:
    """Chunks under their lease, claimed as the scheduler does, some at a time."""
    while n > 0:
        lease, room = uuid4(), min(n, size * LANES)
        values = {
            "batch": batch,
            "lease": lease,
            "lease_time": timedelta(seconds=120),
            "room": room,
        }
        claimed = sorted(row["request"] for row in await rows(connection, statements.CLAIM, values))
        n -= len(claimed)
        for start in range(0, len(claimed), size):
            yield lease, claimed[start : start + size]
        if not claimed:
            return


class Delivery:
    """One chunk at a time, on a connection of its own."""

    def __init__(
        self, connection: Connection, wires: Wires, channel: str, batch: int, flush: int
    ) -> None:
        self._connection = connection
        self._wires = wires
        self._channel = channel
        self._batch = batch
        self._flush = flush

    async def run(self, lease: object, requests: list[int]) -> None:
        """Read, begin, send, record."""
        template, drafts = await self._read(lease, requests)
        begun = await self._begin(lease, requests)
        sending = [
            asyncio.create_task(self._send(one, template, drafts[one["request"]])) for one in begun
        ]
        accepted = []
        for answered in asyncio.as_completed(sending):
            accepted.append(await answered)
            if len(accepted) == self._flush:
                await statements.record(self._connection, accepted, 300)
                accepted = []
        if accepted:
            await statements.record(self._connection, accepted, 300)

    async def _read(self, lease: object, requests: list[int]) -> tuple[Row, dict[int, Row]]:
        async with self._connection.transaction():
            template = await rows(self._connection, statements.TEMPLATE, {"batch": self._batch})
            drafts = await rows(
                self._connection, statements.DRAFTS, {"requests": requests, "lease": lease}
            )
        return template[0], {draft["id"]: draft for draft in drafts}

    async def _begin(self, lease: object, requests: list[int]) -> list[Row]:
        return await rows(
            self._connection,
            statements.BEGIN,
            {
                "batch": self._batch,
                "lease": lease,
                "requests": requests,
                "send_window": timedelta(seconds=5),
                "answer_time": timedelta(seconds=70),
            },
        )

    async def _send(self, ticket: Row, template: Row, draft: Row) -> tuple[int, int, str]:
        path, kind, body = _composed(self._channel, ticket["token"], template, draft)
        head = (
            f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Basic QUMwOnNlY3JldA==\r\n"
            f"Content-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        answer_head, answer = await self._wires.ask(head.encode() + body)
        return ticket["attempt"], ticket["request"], _sid(self._channel, answer_head, answer)


def _composed(channel: str, token: object, template: Row, draft: Row) -> tuple[str, str, bytes]:
    words = template["twiml"] or template["body"] or template["text"]
    for name, value in draft["variables"].items():
        words = words.replace("{{ " + name + " }}", value)
    if channel == "email":
        to = {"to": [{"email": draft["address"]}], "custom_args": {"outreach_token": str(token)}}
        mail = {
            "personalizations": [to],
            "from": {"email": template["source"]},
            "subject": template["subject"],
            "content": [{"type": "text/plain", "value": words}],
        }
        return "/v3/mail/send", "application/json", orjson.dumps(mail)
    fields = {"To": draft["address"], "From": template["source"]}
    fields["StatusCallback"] = f"{CALLBACKS}/{channel}/{token}"
    if channel == "voice":
        form = {**fields, "Twiml": words, "Timeout": 25, "StatusCallbackEvent": EVENTS}
        return _twilio("Calls", form)
    return _twilio("Messages", {**fields, "Body": words})


def _twilio(kind: str, form: dict[str, object]) -> tuple[str, str, bytes]:
    path = f"/2010-04-01/Accounts/AC{'0' * 32}/{kind}.json"
    return path, "application/x-www-form-urlencoded", urlencode(form, doseq=True).encode()


def _sid(channel: str, head: bytes, body: bytes) -> str:
    if channel != "email":
        return str(orjson.loads(body)["sid"])
    return head.split(b"X-Message-Id: ", 1)[1].split(b"\r\n", 1)[0].decode()


def _arguments() -> Iterator[int]:
    return map(int, sys.argv[2:6])


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1], *_arguments()))
