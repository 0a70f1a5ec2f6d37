"""The process that tells receivers, killed at the worst moment; and how a receiver verifies it."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from tests.doors import running, settings
from tests.factories import make_batch, make_campaign, make_request
from tests.readmes import codes
from tests.sessions import eventually
from worker.domain.statuses import Channel

TELLER = ("-m", "tasks.webhooks")
SECRET = "whsec_" + "QUJD" * 10
DEADLINE = 90.0

pytestmark = [
    pytest.mark.turn(2),
    pytest.mark.usefixtures("durable"),  # real processes refuse a forgetful database
]


class Receiver:
    """A customer's system. `before_answering` runs once the event has been read; false cuts the line."""

    def __init__(self) -> None:
        self.came: list[tuple[dict[str, str], bytes]] = []
        self.before_answering: Callable[[], bool] = lambda: True
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                outer.came.append(({k.lower(): v for k, v in self.headers.items()}, body))
                if outer.before_answering():
                    self.send_response(204)
                    self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    thread = threading.Thread(target=made.server.serve_forever)
    thread.start()
    yield made
    made.server.shutdown()
    made.server.server_close()
    thread.join()


@pytest.fixture
def environment(database_url: str, broker_url: str, state_dir: Path) -> dict[str, str]:
    """What the process runs with."""
    more = {"WEBHOOK_SECRET": SECRET, "WEBHOOK_ALLOW_PRIVATE": "true"}
    return settings(database_url, broker_url, state_dir) | more


def _cancel_one(engine: Engine, url: str) -> None:
    campaign = make_campaign(engine, channel=Channel.SMS, webhooks=[{"url": url}])
    request = make_request(engine, batch=make_batch(engine, campaign=campaign, channel=Channel.SMS))
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM queue"))
        connection.execute(
            text(
                "UPDATE communication_request SET request_status = 'CANCELED',"
                " channel_manager_status = 'CANCELED', moved_by = 'operator' WHERE id = :id"
            ),
            {"id": request},
        )


def _delivered(engine: Engine) -> int:
    with engine.begin() as connection:
        query = "SELECT count(*) FROM webhook_delivery WHERE delivered_at IS NOT NULL"
        return int(connection.scalar(text(query)) or 0)


def test_an_event_is_delivered_again_under_its_id_when_its_sender_was_killed_before_the_commit(
    engine: Engine, environment: dict[str, str], receiver: Receiver, tmp_path: Path
) -> None:
    _cancel_one(engine, receiver.url)
    with running(TELLER, environment, tmp_path / "first") as first:

        def kill() -> bool:
            first.kill()
            first.wait()
            return False

        receiver.before_answering = kill
        eventually(lambda: first.poll() is not None, DEADLINE)
    assert _delivered(engine) == 0

    receiver.before_answering = lambda: True
    with running(TELLER, environment, tmp_path / "second"):
        eventually(lambda: _delivered(engine) == 1, DEADLINE)

    (first_headers, first_body), (again_headers, again_body) = receiver.came
    assert first_body == again_body
    assert first_headers["webhook-id"] == again_headers["webhook-id"]
    assert json.loads(again_body)["request_status"] == "CANCELED"
    assert "5550" not in again_body.decode() + (tmp_path / "second").read_text()

    verified = _verifier()
    assert verified(SECRET, again_headers, again_body)
    assert not verified(SECRET, again_headers, again_body + b" ")
    assert not verified("whsec_" + "QUJE" * 10, again_headers, again_body)
    assert not verified(SECRET, {**again_headers, "webhook-timestamp": "1614265330"}, again_body)


def test_nothing_is_posted_to_a_private_address_unless_allowed(
    engine: Engine, environment: dict[str, str], receiver: Receiver, tmp_path: Path
) -> None:
    _cancel_one(engine, receiver.url.replace("http://", "https://"))

    def answer() -> str | None:
        with engine.begin() as connection:
            found: str | None = connection.scalar(text("SELECT last_answer FROM webhook_delivery"))
            return found

    with running(TELLER, environment | {"WEBHOOK_ALLOW_PRIVATE": "false"}, tmp_path / "output"):
        eventually(lambda: answer() is not None, DEADLINE)

    assert answer() == "its address is not public"
    assert receiver.came == []


def _verifier() -> Any:
    """The receiver's lines of the README."""
    (code,) = codes("worker/web/README.md", "python")
    names: dict[str, Any] = {}
    exec(code, names)  # noqa: S102  the README's own lines
    return names["verified"]
