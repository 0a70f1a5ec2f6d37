"""A server on threads of its own: it goes on reading while the sender's loop stands still."""

import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from threading import Event, Thread
from typing import Self

from worker.providers.deadline_clock import boot_clock

ACCEPTED = b"HTTP/1.1 202 -\r\nContent-Length: 0\r\n\r\n"


@dataclass
class Reader:
    """Answers every whole request with 202 and remembers when its last byte was there.

    Args:
        tls: speak TLS.
        window: the receive buffer of each connection, in bytes; None: the usual one.
        reads: nothing is read before this is set.
    """

    tls: ssl.SSLContext | None = None
    window: int | None = None
    reads: Event = field(default_factory=Event)
    whole: list[float] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    cut: int = 0
    """How many requests ended before their last byte."""

    def __enter__(self) -> Self:
        self._listener = socket.socket()
        if self.window:
            self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self.window)
        self._listener.bind(("127.0.0.1", 0))
        self._listener.listen(1024)
        _on_a_thread(self._accept)
        return self

    @property
    def url(self) -> str:
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self._listener.getsockname()[1]}"

    def __exit__(self, *_: object) -> None:
        self.reads.set()
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                accepted, _ = self._listener.accept()
                _on_a_thread(partial(self._serve, accepted))

    def _serve(self, accepted: socket.socket) -> None:
        with suppress(OSError), accepted:
            spoken = self.tls.wrap_socket(accepted, server_side=True) if self.tls else accepted
            self.reads.wait()
            with spoken, spoken.makefile("rb") as lines:
                while head := _head(lines.readline):
                    self.bodies.append(self._whole(lines.read, head))
                    self.whole.append(boot_clock())
                    spoken.sendall(ACCEPTED)

    def _whole(self, read: Callable[[int], bytes], head: dict[bytes, bytes]) -> bytes:
        length = int(head.get(b"content-length", b"0"))
        try:
            body = read(length)
        except OSError:
            body = b""
        if len(body) < length:
            self.cut += 1
            raise ConnectionResetError
        return body


def _head(readline: Callable[[], bytes]) -> dict[bytes, bytes]:
    head = {}
    while (line := readline().strip()) != b"":
        name, _, value = line.partition(b":")
        head[name.lower()] = value.strip()
    return head


def _on_a_thread(work: Callable[[], None]) -> None:
    Thread(target=work, daemon=True).start()
