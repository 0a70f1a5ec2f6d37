"""The sockets of the transport, and its clock."""

import socket
import struct
import time

from worker.providers.connections import open_socket
from worker.providers.deadline_clock import boot_clock


def test_the_kernel_gives_up_when_we_do() -> None:
    address = (socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", ("127.0.0.1", 9))

    with open_socket(35.0, address) as opened:
        linger = opened.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER, 8)
        assert struct.unpack("ii", linger) == (1, 0)
        assert opened.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            assert opened.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 35_000


def test_the_clock_of_deadlines_counts_suspended_time() -> None:
    expected = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)

    assert 0 <= time.clock_gettime(expected) - boot_clock() + 1 < 2
