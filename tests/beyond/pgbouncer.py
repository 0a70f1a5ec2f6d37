"""PgBouncer in transaction mode, set up as the README tells an operator to."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.beyond.programs import Program, find
from worker.local.ports import free_port
from worker.local.postgres import OWNER, EmbeddedPostgres
from worker.store.guards import CONNECT_QUERY

POOL = 20
CONFIGURATION = """\
[databases]
postgres = host=127.0.0.1 port={database} dbname=postgres user=postgres connect_query='{query}'

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
ignore_startup_parameters = options
default_pool_size = {pool}
max_client_conn = 500
logfile = {log}
log_connections = 0
log_disconnections = 0
"""


class PgBouncer:
    """One PgBouncer before a server, on a port that stays."""

    def __init__(self, home: Path, postgres: EmbeddedPostgres) -> None:
        self.port = free_port()
        home.mkdir(parents=True, exist_ok=True)
        home.chmod(0o777)  # it refuses to run as root, and writes its log here
        file = home / "pgbouncer.ini"
        query = CONNECT_QUERY.replace("'", "''")
        log = home / "pgbouncer.log"
        file.write_text(
            CONFIGURATION.format(
                database=postgres.port, port=self.port, pool=POOL, query=query, log=log
            ),
            encoding="utf-8",
        )
        command = [find("pgbouncer", "pgbouncer"), str(file)]
        self._program = Program("PgBouncer", command, home / "output.log", self.port)

    @property
    def url(self) -> str:
        """Where to connect instead of to the server."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        """Start it, as nobody where we are root."""
        self._program.start(user=OWNER if os.geteuid() == 0 else None)

    def restart(self) -> None:
        """Break every connection through it, at once."""
        self._program.stop(signal.SIGKILL)
        self.start()

    def stop(self) -> None:
        """End it."""
        self._program.stop(signal.SIGKILL)


@contextmanager
def running_pgbouncer(home: Path, postgres: EmbeddedPostgres) -> Iterator[PgBouncer]:
    """One for as long as the block lasts."""
    bouncer = PgBouncer(home, postgres)
    bouncer.start()
    try:
        yield bouncer
    finally:
        bouncer.stop()
