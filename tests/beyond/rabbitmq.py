"""One RabbitMQ node of our own: its ports, its data, its name server, nothing shared with the system's."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.beyond.programs import Program, find
from worker.local.ports import free_port

PACKAGE = "rabbitmq-server"
SCRIPTS = "/usr/lib/rabbitmq/bin"
"""Debian's own script changes the user and drops the environment; these do neither."""


class RabbitMQ:
    """A node that keeps its queues over a restart."""

    def __init__(self, home: Path) -> None:
        home.mkdir(parents=True, exist_ok=True)
        (home / "plugins").write_text("[].\n", encoding="utf-8")
        self.port, names, distribution = free_port(), free_port(), free_port()
        self._environment = {
            "PATH": f"{os.environ.get('PATH', os.defpath)}:/usr/sbin",
            "HOME": str(home),
            "LANG": "C.UTF-8",
            "ERL_EPMD_PORT": str(names),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODENAME": "beyond@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_DIST_PORT": str(distribution),
            "RABBITMQ_MNESIA_BASE": str(home / "data"),
            "RABBITMQ_LOG_BASE": str(home / "logs"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(home / "plugins"),
            "RABBITMQ_CONFIG_FILE": str(home / "rabbitmq"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
        }
        registry = [find("epmd", "erlang-base"), "-port", str(names), "-address", "127.0.0.1"]
        self._names = Program("epmd", registry, home / "epmd.log", names)
        command = [find("rabbitmq-server", PACKAGE, first=SCRIPTS)]
        self._node = Program("RabbitMQ", command, home / "output.log", self.port)

    @property
    def url(self) -> str:
        """Where to connect."""
        return f"amqp://guest:guest@127.0.0.1:{self.port}//"

    def start(self) -> None:
        """Start the name server and the node."""
        self._names.start(self._environment)
        self._node.start(self._environment)

    def restart(self) -> None:
        """Crash the node and start it on the same data."""
        self._node.stop(signal.SIGKILL)
        self._node.start(self._environment)

    def stop(self) -> None:
        """End both."""
        self._node.stop(signal.SIGKILL)
        self._names.stop(signal.SIGKILL)


@contextmanager
def running_rabbitmq(home: Path) -> Iterator[RabbitMQ]:
    """One for as long as the block lasts."""
    node = RabbitMQ(home)
    try:
        node.start()
        yield node
    finally:
        node.stop()
