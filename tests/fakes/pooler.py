"""A pooler as a client sees it: bytes go through, but the session has another process id than it says."""

import select
import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Thread

READY = b"Z" + struct.pack("!I", 5) + b"I"
BACKEND_KEY = b"K" + struct.pack("!I", 12)


@contextmanager
def pooling(port: int, *, startup: bytes = b"", then: int | None = None) -> Iterator[int]:
    """Listen on a loopback port before the server on `port`, and lie about the process id.

    Args:
        port: the server's.
        startup: a text in the client's first packet that is blanked, as PgBouncer ignores a parameter.
        then: the server that a client is given when its first one is gone; it notices nothing.
    """
    with socket.create_server(("127.0.0.1", 0)) as listener:
        Thread(target=_accept, args=(listener, port, startup, then), daemon=True).start()
        yield listener.getsockname()[1]


def _accept(listener: socket.socket, port: int, startup: bytes, then: int | None) -> None:
    with suppress(OSError):
        while True:
            client, _ = listener.accept()
            server = socket.create_connection(("127.0.0.1", port))
            serve = _serve_on if then else _serve
            Thread(target=serve, args=(client, server, startup, then), daemon=True).start()


def _serve(client: socket.socket, server: socket.socket, startup: bytes, _: int | None) -> None:
    Thread(target=_pass_on, args=(server, client, _lie), daemon=True).start()
    _pass_on(
        client, server, lambda data: data.replace(startup, b" " * len(startup)) if startup else data
    )


def _serve_on(client: socket.socket, server: socket.socket, _: bytes, then: int) -> None:
    """By one server, then by another; the second hears the client's own greeting, and its welcome is kept."""
    greeting = client.recv(65_536)
    server.sendall(greeting)
    with suppress(OSError), client:
        _pass_both_ways(client, server)
        with socket.create_connection(("127.0.0.1", then)) as successor:
            successor.sendall(greeting)
            while not successor.recv(65_536).endswith(READY):
                pass
            _pass_both_ways(client, successor)


def _pass_both_ways(client: socket.socket, server: socket.socket) -> None:
    """Until the server hangs up."""
    while True:
        for source in select.select([client, server], [], [])[0]:
            if not (data := _received(source)):
                return
            (server.sendall if source is client else client.sendall)(
                data if source is client else _lie(data)
            )


def _received(source: socket.socket) -> bytes:
    try:
        return source.recv(65_536)
    except ConnectionResetError:
        return b""


def _lie(data: bytes) -> bytes:
    at = data.find(BACKEND_KEY)
    return data if at < 0 else data[: at + 5] + struct.pack("!I", 1) + data[at + 9 :]


def _pass_on(source: socket.socket, sink: socket.socket, change: Callable[[bytes], bytes]) -> None:
    with suppress(OSError), source, sink:
        while data := source.recv(65_536):
            sink.sendall(change(data))
        sink.shutdown(socket.SHUT_RDWR)
