"""A file that was answered with 200 is in its batch, whatever happens to the process that took it in."""

import json
import time
from collections.abc import Mapping
from pathlib import Path
from urllib.error import URLError
from urllib.request import Request, urlopen

import pytest
from sqlalchemy import Engine, text

from tests.callers import make_key
from tests.doors import running, settings
from tests.factories import make_batch, make_campaign
from tests.sessions import eventually
from worker.domain.callers import Role
from worker.domain.statuses import Channel
from worker.local.ports import free_port

API = ("-m", "worker.api")
ROWS = 20_000
LARGE = 300_000
DEADLINE = 90.0
STAGING = text(
    "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'COPY staged%'"
)

pytestmark = [
    pytest.mark.turn(1),
    pytest.mark.usefixtures("durable"),  # real processes refuse a forgetful database
]


def file_of(rows: int) -> bytes:
    people = "".join(f"{n},+1512{5_550_000 + n},Ana\n" for n in range(rows))
    return f"reference_id,target,name\n{people}".encode()


def post(url: str, key: str, content: bytes) -> int:
    """Upload a file as the public SDK does. The status."""
    mark = b"--boundary"
    head = b'\r\nContent-Disposition: form-data; name="file"; filename="people.csv"\r\n\r\n'
    body = mark + head + content + b"\r\n" + mark + b"--\r\n"
    headers = {
        "Syllable-API-Key": key,
        "Content-Type": "multipart/form-data; boundary=boundary",
    }
    request = Request(f"{url}/api/v1/outbound/batches/B/upload_batch", body, headers)  # noqa: S310  loopback
    with urlopen(request, timeout=60) as answer:  # noqa: S310  loopback
        assert json.load(answer) is None
        return int(answer.status)


def is_up(url: str) -> bool:
    try:
        with urlopen(f"{url}/health/live", timeout=5) as answer:  # noqa: S310  loopback
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False


def count(engine: Engine, query: str) -> int:
    with engine.begin() as connection:
        return int(connection.scalar(text(query)) or 0)


@pytest.fixture
def environment(database_url: str, broker_url: str, tmp_path: Path) -> Mapping[str, str]:
    return settings(database_url, broker_url, tmp_path) | {"API_PORT": str(free_port())}


def test_a_process_killed_in_the_middle_of_a_file_leaves_it_to_the_next(
    engine: Engine, environment: Mapping[str, str], tmp_path: Path
) -> None:
    make_batch(engine, campaign=make_campaign(engine, channel=Channel.SMS), batch_id="B")
    key = make_key(engine, role=Role.OPERATE)
    url = f"http://127.0.0.1:{environment['API_PORT']}"
    with running(API, environment, tmp_path / "first") as first:
        eventually(lambda: is_up(url), DEADLINE)
        assert post(url, key, file_of(ROWS)) == 200
        eventually(lambda: _staging(engine), DEADLINE)
        first.kill()
        first.wait()
    assert count(engine, "SELECT count(*) FROM upload WHERE finished_at IS NULL") == 1

    with running(API, environment, tmp_path / "second"):
        eventually(lambda: count(engine, "SELECT count(*) FROM upload_part") == 0, DEADLINE)

    assert count(engine, "SELECT count(*) FROM communication_request") == ROWS
    assert count(engine, "SELECT count(*) FROM queue") == ROWS


def test_a_large_file_is_answered_as_soon_as_it_is_kept(
    engine: Engine, environment: Mapping[str, str], tmp_path: Path
) -> None:
    make_batch(engine, campaign=make_campaign(engine, channel=Channel.SMS), batch_id="B")
    key = make_key(engine, role=Role.OPERATE)
    url = f"http://127.0.0.1:{environment['API_PORT']}"
    with running(API, environment, tmp_path / "output"):
        eventually(lambda: is_up(url), DEADLINE)
        began = time.monotonic()
        assert post(url, key, file_of(LARGE)) == 200
        took = time.monotonic() - began

    assert took < 5 * LARGE / 1_000_000 + 5, "a million rows: 5 seconds, and the machine's load"
    assert count(engine, "SELECT sum(size) FROM upload") == len(file_of(LARGE))
    assert count(engine, "SELECT count(*) FROM communication_request") in {0, LARGE}


def _staging(engine: Engine) -> bool:
    with engine.begin() as connection:
        return bool(connection.scalar(STAGING))
