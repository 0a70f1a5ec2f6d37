"""A provider that costs next to nothing: enough of both wires to be accepted by, with a latency.

    python -m tests.benchmarks.stub PORT

The sandbox judges every field and posts callbacks; here only the sender is to be measured. Answers
have the size of real ones. `GET /latency/100` sets milliseconds and starts counting anew,
`GET /seen` tells what came: `[requests, recipients, most in flight]`.
"""

import asyncio
import json
import os
import sys
from itertools import count
from typing import cast

import uvloop

CALL = {
    "date_updated": None,
    "price_unit": "USD",
    "parent_call_sid": None,
    "caller_name": None,
    "duration": None,
    "from": "+15125550100",
    "to": "+15125550101",
    "annotation": None,
    "answered_by": None,
    "uri": "/2010-04-01/Accounts/AC0/Calls/CA0.json",
    "queue_time": "1000",
    "price": None,
    "api_version": "2010-04-01",
    "status": "queued",
    "direction": "outbound-api",
    "start_time": None,
    "date_created": None,
    "from_formatted": "(512) 555-0100",
    "group_sid": None,
    "trunk_sid": "",
    "forwarded_from": None,
    "account_sid": "AC0",
    "end_time": None,
    "to_formatted": "(512) 555-0101",
    "phone_number_sid": "PN0",
    "subresource_uris": {"recordings": "/2010-04-01/Accounts/AC0/Calls/CA0/Recordings.json"},
}
MESSAGE = {
    "account_sid": "AC0",
    "api_version": "2010-04-01",
    "body": "Hello Ana, this is a reminder of your appointment tomorrow.",
    "date_created": "Sat, 21 Nov 2026 08:00:00 +0000",
    "date_sent": None,
    "date_updated": "Sat, 21 Nov 2026 08:00:00 +0000",
    "direction": "outbound-api",
    "error_code": None,
    "error_message": None,
    "from": "+15125550100",
    "messaging_service_sid": None,
    "num_media": "0",
    "num_segments": "1",
    "price": None,
    "price_unit": "USD",
    "status": "queued",
    "subresource_uris": {"media": "/2010-04-01/Accounts/AC0/Messages/SM0/Media.json"},
    "to": "+15125550101",
    "uri": "/2010-04-01/Accounts/AC0/Messages/SM0.json",
}
HEAD = "HTTP/1.1 %s\r\nDate: Sat, 21 Nov 2026 08:00:00 GMT\r\nContent-Type: application/json\r\n"


class Counts:
    """What this process has seen."""

    def __init__(self) -> None:
        self.latency = 0.0
        self.sids = count(int.from_bytes(os.urandom(6), "big") << 40)
        self.reset(0.0)

    def reset(self, latency: float) -> None:
        """Start anew."""
        self.latency = latency
        self.requests = self.recipients = self.open = self.peak = 0

    def answer(self, path: bytes, body: bytes) -> bytes:
        """What the provider says."""
        self.requests += 1
        if path.startswith(b"/v3/mail/send"):
            self.recipients += body.count(b'"to"')
            name = f"X-Message-Id: {next(self.sids):032x}\r\nContent-Length: 0\r\n\r\n"
            return (HEAD % "202 Accepted" + name).encode()
        self.recipients += 1
        prefix, fields = ("CA", CALL) if b"/Calls" in path else ("SM", MESSAGE)
        text = json.dumps({"sid": f"{prefix}{next(self.sids):032x}", **fields})
        return f"{HEAD % '201 Created'}Content-Length: {len(text)}\r\n\r\n{text}".encode()


class Stub(asyncio.Protocol):
    """One connection, one request at a time."""

    def __init__(self, counts: Counts) -> None:
        self._counts = counts
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._received = self._received + data if self._received else data
        head, found, body = self._received.partition(b"\r\n\r\n")
        if not found:
            return
        at = head.lower().find(b"content-length:")
        length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
        if len(body) < length:
            return
        self._received = b""
        method, path, _ = head.split(b" ", 2)
        if method == b"GET":
            self._tell(path)
        else:
            self._place(path, body)

    def _place(self, path: bytes, body: bytes) -> None:
        counts = self._counts
        counts.open += 1
        counts.peak = max(counts.peak, counts.open)
        if counts.latency:
            loop = asyncio.get_running_loop()
            loop.call_later(counts.latency, self._say, path, body)
        else:
            self._say(path, body)

    def _say(self, path: bytes, body: bytes) -> None:
        self._counts.open -= 1
        if not self._transport.is_closing():
            self._transport.write(self._counts.answer(path, body))

    def _tell(self, path: bytes) -> None:
        counts = self._counts
        if path.startswith(b"/latency/"):
            counts.reset(int(path.rsplit(b"/", 1)[1]) / 1000)
        text = json.dumps([counts.requests, counts.recipients, counts.peak])
        self._transport.write(
            f"{HEAD % '200 OK'}Content-Length: {len(text)}\r\n\r\n{text}".encode()
        )


async def serve(port: int) -> None:
    """Answer until the process is ended."""
    counts = Counts()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Stub(counts), "127.0.0.1", port, backlog=4096)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1])))
