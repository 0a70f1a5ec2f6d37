"""How long an honest callback takes while others are slow, huge or the same again and again.

PostgreSQL and the HTTP process share one core, all clients the other. The honest ones come one by one,
so many a second, whether or not the last was answered: who is late is late for all that follow.
"""

import argparse
import asyncio
import base64
import json
import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from uuid import UUID, uuid4

import psutil
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

from config.settings import SANDBOX_SECRET
from tests.benchmarks.callbacks.calls import Callback, callbacks, store_calls
from tests.doors import settings
from tests.programs import run_alone
from tests.prove.hostile import CLIENTS_CORE, HUGE, REPEATING, STANDING
from worker.desk.batches import create_batch
from worker.desk.campaigns import create_campaign
from worker.domain.evidence.marks import LENGTH
from worker.local.ports import free_port
from worker.local.postgres import running_postgres
from worker.sandbox.keys import load_private_key, new_webhook_keys
from worker.store.connect import connect
from worker.store.migrate import upgrade

ROOT = Path(__file__).parents[2]
SERVER_CORE = min(os.sched_getaffinity(0))
PER_SECOND = 50
CONNECTIONS = 10
WARM_SECONDS = 2.0
EVENTS = 5_000
MOST = 2.0

CAMPAIGN = {"campaign_name": "callers", "mode": "voice", "source": "+15125550100"}
TITLES = {
    "alone": "alone",
    "slow": f"{STANDING} half-sent bodies, each sent again when it is hung up on",
    "huge": f"{HUGE} clients who send {EVENTS:,} signed events of one mail again and again",
    "forged": f"{HUGE} clients who send 1.9 MB that nobody signed again and again",
    "repeated": f"{REPEATING} clients who send one signed callback as fast as it is answered",
}


def main() -> int:
    """Measure, print a table; 1 where an attack more than doubles the p99."""
    parser = argparse.ArgumentParser(prog="python -m tests.prove.callers", description=__doc__)
    parser.add_argument("--seed", type=int, default=0, help="nothing here is random")
    parser.add_argument("--n", type=int, default=1_000_000, help="callbacks a round, 1,500 at most")
    parser.add_argument(
        "--only", choices=[one for one in TITLES if one != "alone"], help="one attack"
    )
    asked = parser.parse_args()
    count = min(asked.n, 1_500)
    kinds = ["alone", asked.only] if asked.only else [*TITLES]
    os.sched_setaffinity(0, {SERVER_CORE})  # inherited by what is started now
    with tempfile.TemporaryDirectory(prefix="callers-") as folder:
        measured = _measure(Path(folder), count, kinds)
    _show(measured, count)
    alone = measured["alone"][1]
    return int(any(p99 > MOST * alone for _, p99 in measured.values()))


def _measure(home: Path, count: int, kinds: Sequence[str]) -> dict[str, tuple[float, float]]:
    """p50 and p99 in milliseconds, by the attack beside which they were measured."""
    private, public = new_webhook_keys()
    port = free_port()
    with running_postgres(home / "postgres", fresh=True) as server:
        url = server.url
        batch = _prepare(url)
        environment = settings(url, "redis://127.0.0.1:1/0", home) | {
            "SENDGRID_WEBHOOK_KEY": public,
            "PUBLIC_URL": f"http://127.0.0.1:{port}",
            "WEB_PORT": str(port),
        }
        with _web(environment, home) as web:
            _wait_until_it_listens(port)
            rounds = [*kinds, "alone"]  # first and last: the machine may have other things to do
            calls = store_calls(url, batch, 0, count * len(rounds))
            files = _weapons(home, port, calls[0], private)
            os.sched_setaffinity(0, {CLIENTS_CORE})
            measured: dict[str, tuple[float, float]] = {}
            for number, kind in enumerate(rounds):
                ready = callbacks(
                    calls[number * count : (number + 1) * count], port, SANDBOX_SECRET
                )
                with _attacked(kind, port, files) if kind in files else nullcontext():
                    found = asyncio.run(_visit(ready[:count], port))
                measured[kind] = max(measured.get(kind, found), found)
            assert web.poll() is None
    return measured


def _prepare(url: str) -> int:
    full = url.replace("postgresql://", "postgresql+psycopg://")
    upgrade(full)
    engine = connect(full)
    campaign = create_campaign(engine, CAMPAIGN | {"twiml": "<Response/>"}, by="ana@example.com")
    made = {"batch_id": "B", "campaign_id": campaign.id}
    create_batch(engine, made, by="ana@example.com")
    engine.dispose()
    return 1


@contextmanager
def _web(environment: dict[str, str], home: Path) -> Iterator["subprocess.Popen[bytes]"]:
    with (home / "web.log").open("ab") as log:
        command = [sys.executable, "-m", "worker.web"]
        web = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
    try:
        yield web
    finally:
        web.kill()
        web.wait()


@contextmanager
def _attacked(kind: str, port: int, files: dict[str, Path]) -> Iterator[None]:
    command = [sys.executable, "-m", "tests.prove.hostile", kind, str(port), str(files[kind])]
    attacker = subprocess.Popen(command, cwd=ROOT)
    try:
        time.sleep(WARM_SECONDS)
        yield
    finally:
        attacker.kill()
        attacker.wait()


def _weapons(home: Path, port: int, call: tuple[UUID, str], key: str) -> dict[str, Path]:
    """The bytes that each attack sends, in files."""
    repeated = callbacks([call], port, SANDBOX_SECRET)[0].request
    events = _events(call[0])
    stamp = str(int(time.time()))
    signature = load_private_key(key).sign(stamp.encode() + events, ec.ECDSA(SHA256()))
    signed = _mail_request(events, base64.b64encode(signature).decode(), stamp)
    forged = _mail_request(events, base64.b64encode(secrets.token_bytes(70)).decode(), stamp)
    written = {"slow": repeated, "repeated": repeated, "huge": signed, "forged": forged}
    for name, content in written.items():
        (home / name).write_bytes(content)
    return {name: home / name for name in written}


def _events(token: UUID) -> bytes:
    named = {"outreach_token": str(token), "outreach_mark": "m" * LENGTH}
    each = {"event": "open", **named, "useragent": "Mozilla/4.0 " * 20}
    return json.dumps([{**each, "sg_event_id": uuid4().hex} for _ in range(EVENTS)]).encode()


def _mail_request(body: bytes, signature: str, stamp: str) -> bytes:
    head = (
        "POST /callbacks/email HTTP/1.1\r\nHost: x\r\n"
        f"X-Twilio-Email-Event-Webhook-Signature: {signature}\r\n"
        f"X-Twilio-Email-Event-Webhook-Timestamp: {stamp}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def _visit(ready: Sequence[Callback], port: int) -> tuple[float, float]:
    """The p50 and p99 in milliseconds of callbacks that come at their times."""
    idle: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()
    for _ in range(CONNECTIONS):
        idle.put_nowait(await asyncio.open_connection("127.0.0.1", port))
    took: list[float] = []

    async def visit(callback: Callback, due: float) -> None:
        reader, writer = await idle.get()
        writer.write(callback.request)
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 204"), head[:40]
        took.append(1000 * (time.perf_counter() - due))
        idle.put_nowait((reader, writer))

    began = time.perf_counter()
    visits = []
    for number, callback in enumerate(ready):
        due = began + number / PER_SECOND
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        visits.append(asyncio.create_task(visit(callback, due)))
    await asyncio.gather(*visits)
    took.sort()
    return took[len(took) // 2], took[int(len(took) * 0.99)]


def _wait_until_it_listens(port: int) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if any(one.laddr.port == port for one in psutil.net_connections() if one.laddr):
            return
        time.sleep(0.1)
    raise TimeoutError("the HTTP process does not listen")


def _show(measured: dict[str, tuple[float, float]], count: int) -> None:
    alone = measured["alone"][1]
    lines = [
        f"## Callers: {count:,} honest callbacks beside each of {len(measured) - 1} attacks\n",
        "| beside | p50 ms | p99 ms | p99, times alone |",
        "|---|---|---|---|",
    ]
    for kind, (p50, p99) in measured.items():
        lines.append(f"| {TITLES[kind]} | {p50:.1f} | {p99:.1f} | {p99 / alone:.2f} |")
    sys.stdout.write("\n".join([*lines, "", ""]))


if __name__ == "__main__":
    run_alone(main)
