"""A PostgreSQL of an older version, as far as a client that greets it can tell."""

import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Thread

UNKNOWN = b"transaction_timeout"
SECURITY = {80_877_103, 80_877_104}
"""Asks for encryption, which come before the greeting."""
READY = b"Z" + struct.pack("!I", 5) + b"I"


class Older:
    """Listens on a loopback port; notes whatever it is asked beyond the greeting."""

    def __init__(self, version: str) -> None:
        self._version = version
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self.asked: list[bytes] = []

    def serve(self) -> None:
        """Until it is closed."""
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                Thread(target=self._greet, args=(client,), daemon=True).start()

    def close(self) -> None:
        """Listen no more."""
        self._listener.close()

    def _greet(self, client: socket.socket) -> None:
        with suppress(OSError, struct.error), client:
            while struct.unpack_from("!II", greeting := client.recv(65_536))[1] in SECURITY:
                client.sendall(b"N")
            if UNKNOWN in greeting:
                said = b'unrecognized configuration parameter "transaction_timeout"'
                client.sendall(_packet(b"E", b"SFATAL\0VFATAL\0C42704\0M" + said + b"\0\0"))
                return
            client.sendall(_packet(b"R", struct.pack("!I", 0)))
            client.sendall(_packet(b"S", b"server_version\0" + self._version.encode() + b"\0"))
            client.sendall(_packet(b"K", struct.pack("!II", 1, 1)) + READY)
            while (said := client.recv(65_536)) and not said.startswith(b"X"):
                self.asked.append(said)
                client.sendall(READY)


def _packet(kind: bytes, content: bytes) -> bytes:
    return kind + struct.pack("!I", len(content) + 4) + content


@contextmanager
def older_postgres(version: str) -> Iterator[Older]:
    """One for as long as the block lasts."""
    server = Older(version)
    Thread(target=server.serve, daemon=True).start()
    try:
        yield server
    finally:
        server.close()
