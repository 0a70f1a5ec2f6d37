"""Flower: who works on what, for those who know the password, and nothing to press."""

import base64
import json
import time
from collections.abc import Mapping
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from config.queues import Queue
from tasks.process import flower
from tests.acceptance.test_dispatch import make_batch
from tests.fixtures.house import Inhabited, frozen, wait_until
from worker.desk.batches import pause_batch, resume_batch

PEOPLE = {"voice": "+15125556001", "sms": "+15125556002", "email": "flora@example.com"}
WORKERS = {"voice": "outreach.deliver.voice", "sms": "outreach.deliver.sms"}
WORKERS |= {"email": "outreach.deliver.email"}
UNHEARD = {"name": "", "worker": "", "state": "", "routing_key": "", "result": "", "exception": ""}


def login(inhabited: Inhabited) -> dict[str, str]:
    """The header of somebody who knows the password."""
    known = base64.b64encode(inhabited.environment["FLOWER_BASIC_AUTH"].encode()).decode()
    return {"Authorization": f"Basic {known}"}


def ask(
    inhabited: Inhabited, page: str, headers: Mapping[str, str], body: bytes | None = None
) -> tuple[int, str]:
    """The status and the page."""
    request = Request(f"{inhabited.house.flower_url}{page}", body, dict(headers))  # noqa: S310  loopback
    try:
        with urlopen(request, timeout=20) as answer:  # noqa: S310  loopback
            return answer.status, answer.read().decode()
    except HTTPError as refusal:
        with refusal:
            return refusal.code, refusal.read().decode()


def tasks(inhabited: Inhabited) -> dict[str, Any]:
    """Every task Flower has heard of, by its id; of one that was only published it knows next to nothing."""
    heard = json.loads(ask(inhabited, "/api/tasks", login(inhabited))[1])
    return {identity: UNHEARD | told for identity, told in heard.items()}


def workers(inhabited: Inhabited) -> dict[str, Any]:
    """What the workers tell Flower about themselves when it asks them now, by their names."""
    answer = json.loads(ask(inhabited, "/api/workers?refresh=true", login(inhabited))[1])
    return {
        name.partition("@")[0]: about for name, about in answer.items() if "active_queues" in about
    }


@pytest.fixture(scope="module")
def worked(inhabited: Inhabited) -> Inhabited:
    """A house in which every channel's worker has finished a task."""
    for channel in WORKERS:
        make_batch(inhabited, f"flower-{channel}", channel, [PEOPLE[channel]])
        resume_batch(inhabited.engine, f"flower-{channel}", by="ana@example.com")

    def all_are_shown() -> bool:
        done = {task["name"] for task in tasks(inhabited).values() if task["state"] == "SUCCESS"}
        return done >= set(WORKERS.values())

    wait_until(all_are_shown)
    return inhabited


def test_every_channels_tasks_are_shown_by_name_under_a_worker_and_queue_of_its_own(
    worked: Inhabited,
) -> None:
    shown = {
        (task["name"], task["worker"].partition("@")[0], task["routing_key"])
        for task in tasks(worked).values()
        if task["worker"] and task["name"].startswith("outreach.deliver.")
    }

    assert shown == {(name, channel, channel) for channel, name in WORKERS.items()}


def test_every_worker_says_which_queue_it_consumes_and_which_tasks_it_knows(
    worked: Inhabited,
) -> None:
    # Flower asks the workers, and leaves out who takes longer than a second.
    wait_until(lambda: set(WORKERS) < set(workers(worked)))

    shown = workers(worked)
    for channel in WORKERS:
        assert [queue["name"] for queue in shown[channel]["active_queues"]] == [channel]
        assert set(WORKERS.values()) < set(shown[channel]["registered"])


@pytest.mark.parametrize(
    "page", ["/workers", "/tasks", "/broker", "/worker/{worker}", "/task/{id}"]
)
def test_its_pages_open_with_the_password(worked: Inhabited, page: str) -> None:
    identity, task = next(
        (identity, task) for identity, task in tasks(worked).items() if task["worker"]
    )
    path = page.format(worker=task["worker"], id=identity)

    status, text = ask(worked, path, login(worked))

    assert status == 200
    assert "Flower" in text


STRANGERS = {
    "nobody": {},
    "a wrong password": {"Authorization": "Basic " + base64.b64encode(b"outreach:no").decode()},
}
PAGES = ["/", "/workers", "/tasks", "/broker", "/api/tasks", "/api/workers", "/api/queues/length"]


@pytest.mark.parametrize("headers", STRANGERS.values(), ids=STRANGERS)
@pytest.mark.parametrize("page", PAGES)
def test_strangers_are_shown_nothing(
    inhabited: Inhabited, page: str, headers: dict[str, str]
) -> None:
    assert ask(inhabited, page, headers)[0] == 401


CHANGES = [
    "/api/task/send-task/outreach.dispatch_batch",
    "/api/task/async-apply/outreach.dispatch_batch",
    "/api/task/revoke/00000000-0000-0000-0000-000000000000",
    "/api/worker/shutdown/{worker}",
    "/api/worker/pool/restart/{worker}",
    "/api/worker/queue/cancel-consumer/{worker}?queue=voice",
]


@pytest.mark.parametrize("page", CHANGES)
def test_even_with_the_password_nothing_can_be_changed(worked: Inhabited, page: str) -> None:
    worker = next(task["worker"] for task in tasks(worked).values() if task["worker"])

    status, _ = ask(worked, page.format(worker=worker), login(worked), b"{}")

    assert status == 403


def ends(inhabited: Inhabited, channel: str) -> list[tuple[str, str]]:
    """How the tasks of a channel ended, and what was told of it."""
    return [
        (task["state"], f"{task['result'] or ''}{task['exception'] or ''}")
        for task in tasks(inhabited).values()
        if task["name"] == WORKERS[channel]
    ]


def test_a_chunk_that_was_sent_tells_in_words_what_came_of_it(worked: Inhabited) -> None:
    # Of one channel at least: on a slow machine an answer may come too late, which is a doubt.
    wait_until(
        lambda: any(
            state == "SUCCESS" and "1 accepted" in told
            for mode in WORKERS
            for state, told in ends(worked, mode)
        )
    )


def test_a_chunk_of_which_nothing_could_be_sent_is_no_success(worked: Inhabited) -> None:
    make_batch(worked, "flower-refused", "sms", ["+15125610105", "+15125620105"])
    resume_batch(worked.engine, "flower-refused", by="ana@example.com")

    wait_until(
        lambda: any(
            state == "FAILURE" and "2 refused" in told for state, told in ends(worked, "sms")
        )
    )


def test_a_chunk_that_is_claimed_again_is_shown_as_tried_again_with_the_reason(
    worked: Inhabited,
) -> None:
    # On a slow machine the chunk's lease may end while the worker is frozen: then nothing is handed back.
    assert any(is_shown_as_tried_again(worked, f"flower-paused-{n}") for n in range(3))


def is_shown_as_tried_again(worked: Inhabited, batch_id: str) -> bool:
    with frozen(worked, "voice"):
        make_batch(worked, batch_id, "voice", ["+15125556003"])
        resume_batch(worked.engine, batch_id, by="ana@example.com")
        # What no worker takes waits in its queue, and Flower counts it.
        wait_until(lambda: lengths(worked).get("voice") == 1)
        pause_batch(worked.engine, batch_id, by="ana@example.com")
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        if any(
            state == "RETRY" and "1 handed back: paused" in told
            for state, told in ends(worked, "voice")
        ):
            return True
        time.sleep(0.1)
    return False


def lengths(inhabited: Inhabited) -> dict[str, int]:
    """How many messages wait in each queue."""
    told = json.loads(ask(inhabited, "/api/queues/length", login(inhabited))[1])
    return {one["name"]: one["messages"] for one in told["active_queues"]}


def test_every_queue_is_listed_with_its_length(worked: Inhabited) -> None:
    assert set(lengths(worked)) == {queue.value for queue in Queue}


@pytest.mark.parametrize(
    ("page", "told"), [("/healthcheck", "OK"), ("/metrics", "flower_worker_online")]
)
def test_whoever_watches_flower_needs_no_password_and_is_told_of_nobody(
    worked: Inhabited, page: str, told: str
) -> None:
    wait_until(lambda: told in ask(worked, page, {})[1])

    status, text = ask(worked, page, {})

    assert status == 200
    for word in ("flower-", "+1512", "example.com"):
        assert word not in text


def test_a_worker_that_stands_still_is_still_shown(worked: Inhabited) -> None:
    assert "--purge-offline-workers=86400" in flower(worked.runtime.settings)
