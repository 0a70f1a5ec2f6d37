"""Two processes of the API over real sockets: what one is told, the other knows, and what headers say."""

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from email.message import Message
from pathlib import Path
from time import monotonic
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

import pytest
from sqlalchemy import Engine

from tests.callers import make_key
from tests.doors import running, settings
from tests.factories import ANA, make_batch, make_campaign
from tests.fixtures.house import wait_until
from worker.api.callers import HEADER
from worker.desk.keys import revoke_key
from worker.local.ports import free_port

NONE: Mapping[str, str] = {}
Said = tuple[int, Message, object]


@pytest.fixture
def urls(database_url: str, broker_url: str, tmp_path: Path) -> Iterator[list[str]]:
    """Where two processes on one database answer."""
    with ExitStack() as stack:
        made = []
        for _ in range(2):
            port = str(free_port())
            environment = settings(database_url, broker_url, tmp_path) | {"API_PORT": port}
            stack.enter_context(running(("-m", "worker.api"), environment, tmp_path / "log"))
            made.append(f"http://127.0.0.1:{port}")
        for url in made:
            wait_until(lambda url=url: ask(url, "x", "/batches")[0] == 401)  # type: ignore[misc]
        yield made


def ask(
    url: str,
    key: str,
    path: str,
    change: Mapping[str, object] | None = None,
    headers: Mapping[str, str] = NONE,
) -> Said:
    """GET, or PATCH what is to be changed."""
    request = Request(  # noqa: S310  loopback
        f"{url}/api/v1/outreach{path}",
        None if change is None else json.dumps(change).encode(),
        {HEADER: key, "Content-Type": "application/json", **headers},
        method="GET" if change is None else "PATCH",
    )
    try:
        with urlopen(request, timeout=10) as answer:  # noqa: S310  loopback
            return answer.status, answer.headers, json.load(answer)
    except HTTPError as refused:
        return refused.code, refused.headers, json.load(refused)
    except URLError:
        return 0, Message(), None


@pytest.mark.usefixtures("durable")
def test_a_revoked_key_is_refused_by_each_process_within_two_seconds(
    engine: Engine, urls: list[str]
) -> None:
    key = make_key(engine)
    for url in urls:
        wait_until(lambda url=url: ask(url, key, "/batches")[0] == 200)  # type: ignore[misc]

    revoke_key(engine, "crm", by=ANA)
    revoked, longest = monotonic(), dict.fromkeys(urls, 0.0)
    while monotonic() - revoked < 3:
        for url in urls:
            asked_at = monotonic() - revoked
            if ask(url, key, "/batches")[0] == 200:
                longest[url] = asked_at
    assert max(longest.values()) < 2

    limited = make_key(engine, "slow", per_second=1)
    wait_until(lambda: ask(urls[0], limited, "/batches")[0] == 429)
    status, headers, told = ask(urls[0], limited, "/batches")
    assert (status, headers["Retry-After"]) == (429, "1")
    assert told == {"detail": "more than 1 calls a second"}


@pytest.mark.usefixtures("durable")
def test_a_change_of_what_was_not_seen_changes_nothing(engine: Engine, urls: list[str]) -> None:
    make_batch(engine, batch_id="B", campaign=make_campaign(engine, campaign_name="C"))
    key = make_key(engine)
    wait_until(lambda: ask(urls[1], key, "/batches")[0] == 200)
    wait_until(lambda: ask(urls[0], key, "/batches")[0] == 200)

    for path, first, second in (
        ("/batches/B", {"call_rate": 60}, {"call_rate": 90}),
        ("/campaigns/C", {"description": "one"}, {"description": "two"}),
    ):
        seen = ask(urls[0], key, path)[1]["ETag"]
        status, headers, _ = ask(urls[0], key, path, first, {"If-Match": seen})
        assert (status, headers["ETag"] == seen) == (200, False)
        assert ask(urls[1], key, path, second, {"If-Match": seen})[0] == 412
        assert ask(urls[1], key, path)[1]["ETag"] == headers["ETag"]
        both = {"If-Match": f'"1", {headers["ETag"]}'}
        assert ask(urls[1], key, path, second, both)[0] == 200
        assert ask(urls[1], key, path, first, {"If-Match": "*"})[0] == 200
        assert ask(urls[1], key, path, first, {"If-Match": 'W/"1"'})[0] == 412
