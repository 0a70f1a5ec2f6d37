"""Ports of this machine."""

import socket
from itertools import chain
from secrets import randbelow

# Below what the kernel gives to connections: it could give one of those away before we listen on it.
FIRST, COUNT = 12_000, 18_000


def free_port(preferred: int | None = None) -> int:
    """A loopback port nobody listens on: the preferred one if it is free."""
    start = randbelow(COUNT)
    some = (FIRST + (start + step) % COUNT for step in range(COUNT))
    chosen = [preferred] if preferred is not None else []
    return next(port for port in chain(chosen, some) if _is_free(port))


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
