"""A worker is killed at every line of a conversation with a mail server, the last one included."""

import asyncio
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread

import psutil
import pytest
from sqlalchemy import Engine

from tests.factories import (
    counted_equals_recount,
    make_batch,
    make_request,
    make_timeouts,
    queue_row,
    read_request,
)
from tests.fakes.mail_worker import DELIVERY, SCAN, line_by
from tests.integration.providers.mail_server import ScriptedServer
from tests.properties.world import pass_time
from worker.dispatch.deliver import deliver
from worker.dispatch.rescue import rescue
from worker.dispatch.scan import scan
from worker.dispatch.sweep import sweep
from worker.domain.statuses import FINAL, Channel, RequestStatus
from worker.sandbox.certificates import make_certificate

ROOT = Path(__file__).parents[3]
Workers = subprocess.Popen[str]
TIMEOUTS = make_timeouts()
ROUNDS = 12
LINES = ["EHLO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "."]
"""The worker dies as the server has heard this one, before it answers."""


class Killing(ScriptedServer):
    """Kills whoever speaks to it as soon as it has heard a certain line, once."""

    kills: str = "never"
    victim: psutil.Process | None = None

    async def _say(self, writer: asyncio.StreamWriter, said: str) -> bool:
        if self.victim and self.has_heard_it:
            self.victim.kill()
            self.victim.wait(20)
            self.victim = None
        return await super()._say(writer, said)

    @property
    def has_heard_it(self) -> bool:
        if self.kills == ".":
            return bool(self.mails)
        return any(line.startswith(self.kills) for line in self.heard)


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    """A process that forks a worker when it is asked to."""
    command = [sys.executable, "-m", "tests.fakes.mail_worker"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True) as made:
        yield made
        made.kill()


@pytest.fixture
def office(tmp_path: Path) -> "Callable[[], Killing]":
    certificate = make_certificate()
    (tmp_path / "trusted.pem").write_bytes(certificate.certificate)
    return lambda: Killing(certificate, tmp_path)


class Running:
    """A server on a loop of its own, as others are while workers come and go."""

    def __init__(self, server: Killing) -> None:
        self.server = server
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever)

    def __enter__(self) -> Killing:
        self._thread.start()
        self._run(self.server.__aenter__())
        return self.server

    def __exit__(self, *_: object) -> None:
        self._run(self.server.__aexit__())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _run(self, work: object) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(20)  # type: ignore[arg-type]


@pytest.mark.parametrize("line", LINES)
def test_nobody_is_mailed_twice_and_nothing_is_lost(
    workers: Workers,
    database_url: str,
    engine: Engine,
    office: "Callable[[], Killing]",
    line: str,
) -> None:
    request = make_request(engine, batch=make_batch(engine, channel=Channel.EMAIL))
    with Running(office()) as server:
        server.kills = line
        _die(workers, server, database_url)
        _recover(engine, server, request)

    assert len(server.mails) == (line == "."), "before its last line a mail is nothing"
    assert queue_row(engine, request) is None
    assert counted_equals_recount(engine)
    # Nobody is left to say how far it got: it is in doubt, and is never sent on doubt.
    row = read_request(engine, request)
    assert (row["request_status"], row["error_code"]) == (RequestStatus.FAILED, "in_doubt")


def test_a_worker_that_lives_records_what_the_server_took(
    workers: Workers, database_url: str, engine: Engine, office: "Callable[[], Killing]"
) -> None:
    request = make_request(engine, batch=make_batch(engine, channel=Channel.EMAIL))
    with Running(office()) as server:
        _die(workers, server, database_url)

    assert len(server.mails) == 1
    row = read_request(engine, request)
    assert row["request_status"] == RequestStatus.INITIATED
    assert str(row["call_manager_sid"]).startswith("smtp-")


def _die(workers: Workers, server: Killing, database_url: str) -> None:
    assert workers.stdin is not None
    assert workers.stdout is not None
    print(database_url, server.port, server.folder / "trusted.pem", file=workers.stdin, flush=True)
    worker = server.victim = psutil.Process(int(workers.stdout.readline()))
    print("begin", file=workers.stdin, flush=True)
    worker.wait(60)


def _recover(engine: Engine, server: Killing, request: int) -> None:
    """Others carry on: time passes, they look, claim and send, until the request is final."""
    line = line_by(server.port, server.folder / "trusted.pem")
    try:
        for _ in range(ROUNDS):
            if read_request(engine, request)["request_status"] in FINAL:
                return
            pass_time(engine, 4000)
            rescue(engine, line, TIMEOUTS)
            sweep(engine)
            for chunk in scan(engine, SCAN, {Channel.EMAIL: 0}):
                deliver(engine, line, DELIVERY, chunk)
    finally:
        line.close()
    raise AssertionError("the request is stuck")
