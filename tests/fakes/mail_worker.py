"""Workers that each deliver one chunk of mail by a mail server, and may be killed meanwhile.

Run by tests: each is a fork of a process that has imported what they need. For a line with DATABASE_URL,
the server's port and the file of whose certificates are good it says the worker's id; at the next line
that one begins.
"""

import os
import sys
from datetime import timedelta
from pathlib import Path

from tests.factories import make_limits
from worker.dispatch.deliver import deliver
from worker.dispatch.provider_loop import ProviderLoop
from worker.dispatch.scan import ScanLimits, scan
from worker.domain.statuses import Channel
from worker.providers.connected import ConnectedProviders, connect
from worker.providers.smtp_connections import MailServer
from worker.store.connect import connect as connect_store

SECOND = timedelta(seconds=1)
SCAN = ScanLimits(lease=60 * SECOND, chunk_size=10, backlog_chunks=4)
DELIVERY = make_limits(answer_time=30 * SECOND, flush_rows=10, flush_seconds=0.01)


def line_by(port: int, ca_file: Path) -> ProviderLoop:
    """The providers, with mail by the server at this port."""

    def made() -> ConnectedProviders:
        return connect(
            twilio_api_url="http://127.0.0.1:1",
            twilio_account_sid="AC",
            twilio_auth_token="x",
            sendgrid_api_url="http://127.0.0.1:1",
            sendgrid_api_key="x",
            public_url="https://outreach.example",
            connect_timeout=5,
            read_timeout=5,
            limit=5,
            mail_server=MailServer("127.0.0.1", port, "ana", "secret", ca_file),
        )

    return ProviderLoop(made)


def deliver_one(url: str, port: str, ca_file: str) -> None:
    """Claim one chunk and deliver it."""
    engine = connect_store(url)
    line = line_by(int(port), Path(ca_file))
    for chunk in scan(engine, SCAN, {Channel.EMAIL: 0}):
        deliver(engine, line, DELIVERY, chunk)
    line.close()
    engine.dispose()


def main() -> None:
    """Fork a worker for each line, one after the other."""
    for line in iter(sys.stdin.readline, ""):
        waits, begins = os.pipe()
        worker = os.fork()
        if not worker:
            os.read(waits, 1)
            os.dup2(2, 1)  # its log is no answer
            deliver_one(*line.split())
            os._exit(0)
        print(worker, flush=True)  # noqa: T201  the answer
        sys.stdin.readline()
        os.write(begins, b".")
        os.waitpid(worker, 0)
        os.close(waits)
        os.close(begins)


if __name__ == "__main__":
    main()
