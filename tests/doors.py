"""The doors for messages as processes of their own, and messages in every shape a stranger may send."""

import json
import os
import subprocess
import sys
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from config.settings import SANDBOX_ACCOUNT_SID, SANDBOX_SECRET
from tests.keys import PUBLIC_KEY

ROOT = Path(__file__).parents[1]
QUEUE_KEY = "outreach:messages"
TRIGGER_STREAM = "outreach:triggers"
TRIGGER_GROUP = "outreach"

WORKER = (
    *("-m", "celery", "-A", "tasks.app", "worker", "-Q", "messages", "-P", "threads", "-c", "2"),
    *("--without-mingle", "--without-gossip"),
)
STREAM = ("-m", "tasks.stream")
FLOWER = ("-m", "celery", "-A", "tasks.app", "flower", "--address=127.0.0.1")

UNCOUNTED = {"COVERAGE_PROCESS_CONFIG": ""}
"""For processes whose modules or time are measured: whoever counts lines keeps out of them."""


def settings(database_url: str, broker_url: str, state_dir: Path) -> dict[str, str]:
    """The environment of a process that calls nobody."""
    return os.environ | {
        "DATABASE_URL": database_url,
        "BROKER_URL": broker_url,
        "STATE_DIR": str(state_dir),
        "PROFILE": "fast",
        "TWILIO_ACCOUNT_SID": SANDBOX_ACCOUNT_SID,
        "TWILIO_AUTH_TOKEN": SANDBOX_SECRET,
        "TWILIO_API_URL": "http://127.0.0.1:9",
        "SENDGRID_API_KEY": SANDBOX_SECRET,
        "SENDGRID_API_URL": "http://127.0.0.1:9",
        "SENDGRID_WEBHOOK_KEY": PUBLIC_KEY,
        "PUBLIC_URL": "http://127.0.0.1:9",
        "FLOWER_BASIC_AUTH": "ana:password",
        "OPERATOR_EMAIL": "ana@example.com",
        "PYTHONUNBUFFERED": "1",
    }


@contextmanager
def running(
    arguments: tuple[str, ...], environment: Mapping[str, str], output: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """A process of the house; what it writes goes to a file. It is gone when the block ends."""
    with output.open("ab") as sink:
        process = subprocess.Popen(
            [sys.executable, *arguments], cwd=ROOT, env=environment, stdout=sink, stderr=sink
        )
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def encoded(body: object) -> str:
    """A body as protocol 2 on Redis carries it."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return b64encode(raw).decode()


def envelope(task: str, payload: Mapping[str, Any], **changes: Any) -> dict[str, Any]:
    """A protocol 2 message; `changes` go over its top-level fields."""
    return {
        "body": encoded([[], payload, {}]),
        "content-type": "application/json",
        "content-encoding": "utf-8",
        "headers": {"task": task, "id": str(uuid4())},
        "properties": {
            "body_encoding": "base64",
            "delivery_tag": str(uuid4()),
            "delivery_info": {"exchange": "", "routing_key": "messages"},
        },
    } | changes


def shapes(task: str, payload: dict[str, Any]) -> dict[str, tuple[bytes, bool]]:
    """Twenty-five shapes of a message, and whether each is fit to be taken."""
    good = envelope(task, payload)
    headers, properties = good["headers"], good["properties"]

    def having(**changes: Any) -> bytes:
        fresh = {"headers": {**headers, "id": str(uuid4())}}
        return json.dumps(envelope(task, payload) | fresh | changes).encode()

    def without(part: str, name: str) -> bytes:
        return having(**{part: {k: v for k, v in good[part].items() if k != name}})

    def header(**changes: Any) -> bytes:
        return having(headers={**headers, "id": str(uuid4()), **changes})

    old = {"task": task, "id": str(uuid4()), "args": [], "kwargs": payload}
    plain = {**properties, "body_encoding": "utf-8"}
    return {
        "not JSON": (b"{not json \xff\x00", False),
        "a JSON list": (b"[1, 2]", False),
        "a body that is no base64": (having(body="%%%"), False),
        "no properties": (
            json.dumps({k: v for k, v in good.items() if k != "properties"}).encode(),
            False,
        ),
        "no delivery_tag": (without("properties", "delivery_tag"), False),
        "no delivery_info": (without("properties", "delivery_info"), False),
        "no id": (without("headers", "id"), False),
        "a body of two items": (having(body=encoded([[], payload])), False),
        "a number for a body": (having(body=encoded(7)), False),
        "an object for a body": (having(body=encoded({"a": 1})), False),
        "an unknown task": (header(task="outreach.call_everybody"), False),
        "pickle": (having(**{"content-type": "application/x-python-serialize"}), False),
        "an unknown content type": (having(**{"content-type": "text/x-odd"}), False),
        "a body that is no JSON": (having(body=encoded(b"{")), False),
        "a body that is no UTF-8": (having(body=encoded(b"\xff\xfe")), False),
        "an unknown compression": (header(compression="application/x-odd"), False),
        "no task": (without("headers", "task"), False),
        "no headers": (having(headers=None), False),
        "a bad eta": (header(eta="tomorrow"), False),
        "a bad expires": (header(expires=[1]), False),
        "arguments in a list": (having(body=encoded([[], [1], {}])), False),
        "unknown arguments": (having(body=encoded([[], {**payload, "colour": 1}, {}])), False),
        "protocol 1": (having(headers={}, body=encoded(old)), False),
        "a plain body": (having(body=json.dumps([[], payload, {}]), properties=plain), True),
        "nothing embedded": (having(body=encoded([[], payload, None])), True),
    }
