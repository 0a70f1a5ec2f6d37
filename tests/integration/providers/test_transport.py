"""What the transport makes of every way an exchange can end: was a byte written, and what then."""

import asyncio
import ssl
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from socket import socket

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.integration.providers.exchanges import post
from tests.integration.providers.wire import Step, Wire, answer
from worker.domain.evidence.answers import NotSent, Unknown
from worker.providers.http_replies import Reply, Unanswered
from worker.providers.transport import LARGEST_REPLY, Transport

LOOPBACK = ip_address("127.0.0.1")
HEAD = b"HTTP/1.1 201 -\r\nContent-Length: 100\r\n\r\n"


async def over(
    use: Callable[[Transport], Awaitable[Reply]], *, read_timeout: float = 0.3
) -> Reply | NotSent | Unknown:
    transport = Transport(connect_timeout=0.3, read_timeout=read_timeout, limit=10)
    try:
        return await use(transport)
    except Unanswered as unanswered:
        return unanswered.outcome
    finally:
        await transport.close()


def exchanged(*steps: Step, read_timeout: float = 0.3) -> tuple[Reply | NotSent | Unknown, Wire]:
    async def scenario() -> tuple[Reply | NotSent | Unknown, Wire]:
        async with Wire(steps) as wire:
            return await over(lambda t: post(t, wire.url), read_timeout=read_timeout), wire

    return asyncio.run(scenario())


@pytest.mark.parametrize(
    ("step", "code"),
    [
        pytest.param(Step(then="hang"), "read_timeout", id="never answered"),
        pytest.param(Step(HEAD, "hang"), "read_timeout", id="body never came"),
        pytest.param(Step(HEAD, "drip"), "read_timeout", id="body drips for ever"),
        pytest.param(Step(then="close"), "connection_lost", id="cut without an answer"),
        pytest.param(Step(b"HTTP/1.1 20", "close"), "connection_lost", id="cut in the status line"),
        pytest.param(Step(HEAD + b"{", "close"), "truncated", id="cut in the body"),
        pytest.param(Step(b"\x16\x03garbage\r\n\r\n"), "garbled", id="no HTTP at all"),
        pytest.param(
            Step(b"HTTP/1.1 201 -\r\nX: " + b"x" * 20_000 + b"\r\n\r\n"),
            "garbled",
            id="huge header",
        ),
        pytest.param(answer(201, b"x" * (LARGEST_REPLY + 1)), "truncated", id="huge body"),
    ],
)
def test_what_fails_after_writing_is_unknown(step: Step, code: str) -> None:
    outcome, wire = exchanged(step)

    assert outcome == Unknown(code)
    assert len(wire.seen) == 1


def test_a_slow_reader_does_not_hold_the_transport_beyond_its_timeout() -> None:
    began = time.monotonic()

    exchanged(Step(HEAD, "drip"))

    assert time.monotonic() - began < 2


@pytest.mark.parametrize("status", [200, 201, 302, 400, 429, 503])
def test_every_whole_reply_is_a_reply(status: int) -> None:
    outcome, wire = exchanged(answer(status, b"text", Retry_After="7", Location="/elsewhere"))

    assert isinstance(outcome, Reply)
    assert (outcome.status, outcome.text, outcome.headers["retry-after"]) == (status, "text", "7")
    assert len(wire.seen) == 1, "neither repeated nor redirected"


def test_a_refused_connection_is_not_sent() -> None:
    with socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]

    outcome = asyncio.run(over(lambda t: post(t, f"http://127.0.0.1:{port}")))

    assert outcome == NotSent("refused")


def test_a_connection_that_is_never_accepted_is_not_sent() -> None:
    with socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        with socket() as first, socket() as second:
            for taken in (first, second):
                taken.setblocking(False)
                taken.connect_ex(full.getsockname())
            url = f"http://127.0.0.1:{full.getsockname()[1]}"
            outcome = asyncio.run(over(lambda t: post(t, url)))

    assert outcome == NotSent("connect_timeout")


def test_a_full_pool_is_not_sent() -> None:
    async def scenario() -> list[NotSent | Unknown]:
        async with Wire([Step(then="hang")]) as wire:
            transport = Transport(connect_timeout=0.2, read_timeout=0.5, limit=1)
            posts = (post(transport, wire.url) for _ in range(2))
            outcomes = await asyncio.gather(*posts, return_exceptions=True)
            await transport.close()
            return [one.outcome for one in outcomes if isinstance(one, Unanswered)]

    assert asyncio.run(scenario()) == [Unknown("read_timeout"), NotSent("connect_timeout")]


@pytest.mark.parametrize("url", ["http://", "http://host.invalid:99999", "gopher://127.0.0.1"])
def test_an_impossible_address_is_not_sent(url: str) -> None:
    assert isinstance(asyncio.run(over(lambda t: post(t, url))), NotSent)


def test_a_stranger_with_the_right_address_is_not_trusted(tmp_path: Path) -> None:
    async def scenario() -> tuple[Reply | NotSent | Unknown, Wire]:
        async with Wire([answer()], tls=self_signed(tmp_path)) as wire:
            return await over(lambda t: post(t, wire.url)), wire

    outcome, wire = asyncio.run(scenario())

    assert outcome == NotSent("tls")
    assert not wire.seen


def test_a_server_that_speaks_no_tls_is_not_sent() -> None:
    async def scenario() -> Reply | NotSent | Unknown:
        async with Wire([answer()]) as wire:
            return await over(lambda t: post(t, wire.url.replace("http", "https")))

    assert isinstance(asyncio.run(scenario()), NotSent)


def test_many_posts_share_one_connection() -> None:
    async def scenario() -> Wire:
        async with Wire([answer()] * 5) as wire:
            transport = Transport(connect_timeout=1, read_timeout=1, limit=10)
            for _ in range(5):
                await post(transport, wire.url)
            await transport.close()
            return wire

    wire = asyncio.run(scenario())

    assert (len(wire.seen), wire.connections) == (5, 1)


def test_a_kept_connection_that_closes_under_a_post_is_unknown_and_not_repeated() -> None:
    async def scenario() -> tuple[NotSent | Unknown, Wire]:
        async with Wire([answer(), Step(then="close"), answer()]) as wire:
            transport = Transport(connect_timeout=1, read_timeout=1, limit=10)
            await post(transport, wire.url)
            with pytest.raises(Unanswered) as cut:
                await post(transport, wire.url)
            await transport.close()
            return cut.value.outcome, wire

    outcome, wire = asyncio.run(scenario())

    assert outcome == Unknown("connection_lost")
    assert (len(wire.seen), wire.connections) == (2, 1)


def self_signed(folder: Path) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    start = datetime(2020, 1, 1, tzinfo=UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=36_500))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(LOOPBACK)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM) + key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path = folder / "server.pem"
    path.write_bytes(pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context
