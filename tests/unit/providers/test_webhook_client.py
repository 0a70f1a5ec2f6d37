import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from worker.providers.webhook_client import WebhookClient, WebhookReply, is_public

PUBLIC = ("93.184.215.14", "1.1.1.1", "2606:4700:4700::1111", "::ffff:1.1.1.1")
NOT_PUBLIC = (
    *("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1"),
    *("0.0.0.0", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255", "192.0.2.1"),  # noqa: S104
    *("198.18.0.1", "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "fec0::1", "ff02::1"),
    *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1"),
    *("2002:7f00:1::", "2001:0:7f00:1::", "2001:db8::1", "::127.0.0.1"),
)
SPELLINGS = (
    *("127.0.0.1", "2130706433", "0x7f000001", "0177.0.0.1", "127.1", "[::1]", "localhost"),
    *("[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "0", "0.0.0.0"),  # noqa: S104
)


@pytest.mark.parametrize("address", PUBLIC)
def test_the_public_internet_is_allowed(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_everything_else_is_refused(address: str) -> None:
    assert not is_public(address)


class Names(AbstractResolver):
    """A name server that gives its answers one after the other."""

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers)
        self.asked = 0

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        self.asked += 1
        address = self.answers.pop(0)
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
        ]

    async def close(self) -> None:
        return


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    """A port of ours at which nobody must call."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        yield server


@pytest.mark.parametrize("host", SPELLINGS)
def test_no_spelling_of_loopback_is_connected_to(host: str, listening: socket.socket) -> None:
    port = listening.getsockname()[1]

    assert not _post(f"https://{host}:{port}/").delivered
    with pytest.raises(BlockingIOError):
        listening.accept()


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1"])
def test_a_name_of_a_private_address_is_refused(address: str) -> None:
    reply = _post("https://example.com/", names=Names(address))

    assert reply == WebhookReply(False, "its address is not public")


def test_the_name_is_asked_once_and_that_answer_is_the_one_judged() -> None:
    names = Names("127.0.0.1", "1.1.1.1")

    assert _post("https://example.com/", names=names).answer == "its address is not public"
    assert names.asked == 1


def test_http_is_refused_unless_private_addresses_are_allowed() -> None:
    assert _post("http://127.0.0.1:1/").answer == "only https is allowed"
    assert _post("http://127.0.0.1:1/", allow_private=True).answer == "no connection"


@contextmanager
def redirecting(status: int) -> Iterator[tuple[str, list[str]]]:
    """Sends everybody elsewhere, to itself: where it is, and which paths were asked for, how."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append(f"{self.command} {self.path}")
            self.send_response(status)
            self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def do_GET(self) -> None:
            self.do_POST()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/first", asked
        server.shutdown()


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_whoever_sends_us_elsewhere_is_not_followed(status: int) -> None:
    with redirecting(status) as (url, asked):
        reply = _post(url, allow_private=True)

    assert reply == WebhookReply(False, str(status))
    assert asked == ["POST /first"]


def _post(url: str, *, names: Names | None = None, allow_private: bool = False) -> WebhookReply:
    async def post() -> WebhookReply:
        receivers = WebhookClient(timeout=5, allow_private=allow_private, resolver=names)
        try:
            return await receivers.post(url, b"{}", {})
        finally:
            await receivers.close()

    return asyncio.run(post())
