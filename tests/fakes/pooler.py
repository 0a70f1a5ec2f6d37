"""A pooler as a client sees it: bytes go through, but the session has another process id than it says."""

import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Thread

BACKEND_KEY = b"K" + struct.pack("!I", 12)


@contextmanager
def pooling(port: int, *, startup: bytes = b"") -> Iterator[int]:
    """Listen on a loopback port before the server on `port`, and lie about the process id.

    Args:
        port: the server's.
        startup: a text in the client's first packet that is blanked, as PgBouncer ignores a parameter.
    """
    with socket.create_server(("127.0.0.1", 0)) as listener:
        Thread(target=_accept, args=(listener, port, startup), daemon=True).start()
        yield listener.getsockname()[1]


def _accept(listener: socket.socket, port: int, startup: bytes) -> None:
    with suppress(OSError):
        while True:
            client, _ = listener.accept()
            server = socket.create_connection(("127.0.0.1", port))
            Thread(target=_up, args=(client, server, startup), daemon=True).start()
            Thread(target=_down, args=(server, client), daemon=True).start()


def _up(client: socket.socket, server: socket.socket, startup: bytes) -> None:
    _pass_on(
        client, server, lambda data: data.replace(startup, b" " * len(startup)) if startup else data
    )


def _down(server: socket.socket, client: socket.socket) -> None:
    _pass_on(server, client, _lie)


def _lie(data: bytes) -> bytes:
    at = data.find(BACKEND_KEY)
    return data if at < 0 else data[: at + 5] + struct.pack("!I", 1) + data[at + 9 :]


def _pass_on(source: socket.socket, sink: socket.socket, change: Callable[[bytes], bytes]) -> None:
    with suppress(OSError), source, sink:
        while data := source.recv(65_536):
            sink.sendall(change(data))
        sink.shutdown(socket.SHUT_RDWR)
