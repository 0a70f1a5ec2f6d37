"""A standby takes the primary's place under a house that runs: with all calls placed, or without the last."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from redis import Redis
from sqlalchemy import Engine

from tests.doors import QUEUE_KEY, STREAM, TRIGGER_STREAM, WORKER, envelope, running, settings
from tests.factories import ANA, HOUR, make_batch, make_request
from tests.fixtures.sandbox import Sandbox
from tests.fixtures.standby import Pair
from tests.sessions import eventually
from worker.desk.batches import resume_batch
from worker.dispatch.halt import halts_in_force
from worker.dispatch.scan import Chunk, ScanLimits, scan
from worker.domain.statuses import Channel
from worker.local.ports import free_port
from worker.store.connect import connect
from worker.store.migrate import upgrade

pytestmark = pytest.mark.turn(0)

DEADLINE = 150.0
SCHEDULER = ("-m", "tasks.scheduler")
VOICE = (*("voice" if word == "messages" else word for word in WORKER), "-n", "voice@%h")
ANSWERING = {
    "web": ("WEB_PORT", "/unsubscribe/5f6dc9e0-4d0e-4f43-93d8-8cd1e8b0e3ab"),
    "api": ("API_PORT", "/health/ready"),
}
METHODS = {"WEB_PORT": "POST", "API_PORT": "GET"}
# One that first looked after the failover would know no other database than the new one.
READY = {"triggers": " ready.", "stream": "stream_ready", "webhooks": "webhooks_ready"}
REFUSALS = ("DatabaseChanged", "failed over under a running process")
KINDS = {
    "scheduler": SCHEDULER,
    "voice": VOICE,
    "triggers": WORKER,
    "stream": STREAM,
    "webhooks": ("-m", "tasks.webhooks"),
    "web": ("-m", "worker.web"),
    "api": ("-m", "worker.api"),
}


@pytest.fixture
def engine(pair: Pair) -> Iterator[Engine]:
    """An operator's connection, which follows the address."""
    upgrade(pair.url)
    made = connect(pair.url)
    yield made
    made.dispose()


@pytest.fixture
def environment(pair: Pair, broker_url: str, sandbox: Sandbox, state_dir: Path) -> dict[str, str]:
    """What the processes run with."""
    return settings(pair.url, broker_url, state_dir) | {
        "TWILIO_ACCOUNT_SID": sandbox.account_sid,
        "TWILIO_AUTH_TOKEN": sandbox.auth_token,
        "TWILIO_API_URL": sandbox.url,
        "WEB_PORT": str(free_port()),
        "API_PORT": str(free_port()),
        "WEBHOOK_SECRET": "whsec_" + "QUFB" * 8,
    }


def test_every_process_refuses_it_at_once_and_nobody_is_called_again(
    pair: Pair,
    engine: Engine,
    environment: dict[str, str],
    broker_url: str,
    sandbox: Sandbox,
    tmp_path: Path,
) -> None:
    batch = make_batch(engine, batch_id="B", paused=True)
    make_request(engine, batch=batch)
    pair.standby.catch_up()

    def said(kind: str, *words: str) -> bool:
        text = (tmp_path / kind).read_text(encoding="utf-8")
        return any(word in text for word in words)

    with ExitStack() as house:
        for kind, command in KINDS.items():
            house.enter_context(running(command, environment, tmp_path / kind))
        for one in ANSWERING.values():
            eventually(lambda one=one: status(environment, *one) in {200, 404}, DEADLINE)  # type: ignore[misc]
        for kind, ready in READY.items():
            eventually(partial(said, kind, ready), DEADLINE)
        pair.standby.catch_up()
        pair.standby.cut_off()
        resume_batch(engine, "B", by=ANA)
        eventually(lambda: len(sandbox.ledger()) == 1, DEADLINE)

        pair.fail_over()
        engine.dispose()
        resume_batch(engine, "B", by=ANA)
        knock(engine, broker_url)

        for kind in KINDS.keys() - ANSWERING:
            eventually(partial(said, kind, *REFUSALS), DEADLINE)
        assert [status(environment, *one) for one in ANSWERING.values()] == [503, 503]
        eventually(lambda: [halt.scope for halt in halts_in_force(engine)] == ["all"], DEADLINE)
        assert "1 attempts or more are missing" in halts_in_force(engine)[0].reason

    with running(SCHEDULER, environment, tmp_path / "another"):
        eventually(partial(said, "another", "database_not_recognized", "scheduler_ready"), DEADLINE)
    assert len(sandbox.ledger()) == 1


def test_where_nothing_is_missing_every_process_goes_on_by_itself(
    pair: Pair,
    engine: Engine,
    environment: dict[str, str],
    sandbox: Sandbox,
    tmp_path: Path,
) -> None:
    batch = make_batch(engine, batch_id="B")
    make_request(engine, batch=batch)
    with ExitStack() as house:
        for kind in ("scheduler", "voice", "web"):
            house.enter_context(running(KINDS[kind], environment, tmp_path / kind))
        eventually(lambda: len(sandbox.ledger()) == 1, DEADLINE)
        pair.standby.catch_up()

        pair.fail_over()
        engine.dispose()
        make_request(engine, batch=batch)

        eventually(lambda: len(sandbox.ledger()) == 2, DEADLINE)
        eventually(lambda: status(environment, *ANSWERING["web"]) == 404, DEADLINE)
    assert halts_in_force(engine) == []
    assert len({one["token"] for one in sandbox.ledger()}) == 2


def knock(engine: Engine, broker_url: str) -> None:
    """Something to do at every door."""
    limits = ScanLimits(lease=HOUR, chunk_size=10, backlog_chunks=8)
    found: list[Chunk] = []

    def claim() -> bool:
        found.extend(scan(engine, limits, {Channel.VOICE: 0}))
        return bool(found)

    eventually(claim)
    [chunk] = found
    sending = {"batch": chunk.batch, "lease": str(chunk.lease), "requests": list(chunk.requests)}
    pausing = {"batch_id": "B", "paused": True, "last_updated_by": ANA}
    with Redis.from_url(broker_url, protocol=2) as broker:
        broker.lpush("outreach:voice", json.dumps(envelope("outreach.deliver.voice", sending)))
        broker.lpush(QUEUE_KEY, json.dumps(envelope("outreach.update_batch", pausing)))
        broker.xadd(
            TRIGGER_STREAM, {"name": "outreach.update_batch", "payload": json.dumps(pausing)}
        )


def status(environment: dict[str, str], port: str, path: str) -> int:
    try:
        asked = Request(f"http://127.0.0.1:{environment[port]}{path}", b"")
        asked.method = METHODS[port]
        with urlopen(asked, timeout=30) as answer:  # noqa: S310  loopback
            return int(answer.status)
    except HTTPError as error:
        return error.code
    except OSError:
        return 0
