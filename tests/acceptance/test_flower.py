"""Flower: who works on what, for those who know the password, and nothing to press."""

import base64
import json
from collections.abc import Mapping
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from tests.acceptance.test_dispatch import make_batch
from tests.fixtures.house import Inhabited, wait_until
from worker.desk.batches import resume_batch

PEOPLE = {"voice": "+15125556001", "sms": "+15125556002", "email": "flora@example.com"}
WORKERS = {"voice": "outreach.deliver.voice", "sms": "outreach.deliver.sms"}
WORKERS |= {"email": "outreach.deliver.email"}


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
    """Every task Flower has heard of, by its id."""
    return dict(json.loads(ask(inhabited, "/api/tasks", login(inhabited))[1]))


def workers(inhabited: Inhabited) -> dict[str, Any]:
    """What the workers tell Flower about themselves when it asks them now, by their names."""
    answer = json.loads(ask(inhabited, "/api/workers?refresh=true", login(inhabited))[1])
    return {
        name.partition("@")[0]: about for name, about in answer.items() if "active_queues" in about
    }


@pytest.fixture(scope="module")
def worked(inhabited: Inhabited) -> Inhabited:
    """A house in which every channel's worker has finished a task."""
    for mode in WORKERS:
        make_batch(inhabited, f"flower-{mode}", mode, [PEOPLE[mode]])
        resume_batch(inhabited.engine, f"flower-{mode}", by="ana@example.com")

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
        if task["name"].startswith("outreach.deliver.")
    }

    assert shown == {(name, mode, mode) for mode, name in WORKERS.items()}


def test_every_worker_says_which_queue_it_consumes_and_which_tasks_it_knows(
    worked: Inhabited,
) -> None:
    # Flower asks the workers, and leaves out who takes longer than a second.
    wait_until(lambda: set(WORKERS) < set(workers(worked)))

    shown = workers(worked)
    for mode in WORKERS:
        assert [queue["name"] for queue in shown[mode]["active_queues"]] == [mode]
        assert set(WORKERS.values()) < set(shown[mode]["registered"])


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
