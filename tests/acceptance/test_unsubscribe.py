"""One click in the reader's mail program, and nobody writes to them again."""

from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen
from uuid import uuid4

import pytest

from tests.acceptance.test_dispatch import make_batch
from tests.fixtures.house import Inhabited
from tests.fixtures.sandbox import ask as ask_sandbox
from worker.desk.batches import resume_batch

READER = "una@example.com"


def ask(url: str, method: str, body: bytes | None = None) -> tuple[int, str]:
    """The status and the page; no cookie, no redirect, no login."""
    request = Request(url, body, method=method)  # noqa: S310  loopback
    try:
        with urlopen(request, timeout=20) as answer:  # noqa: S310  loopback
            return answer.status, answer.read().decode()
    except HTTPError as refusal:
        with refusal:
            return refusal.code, refusal.read().decode()


def dispatch(inhabited: Inhabited, batch_id: str) -> dict[str, Any]:
    """A batch with one mail to the reader, from its file to its last outcome."""
    make_batch(inhabited, batch_id, "email", [READER])
    resume_batch(inhabited.engine, batch_id, by="ana@example.com")
    return inhabited.wait_until_final(batch_id)


@pytest.fixture(scope="module")
def link(inhabited: Inhabited) -> str:
    """The address in the List-Unsubscribe header of a mail that arrived."""
    assert dispatch(inhabited, "before-the-click")["status_counts"] == {"COMPLETED": 1}
    [mail] = [one for one in inhabited.sandbox("contents") if one["to"] == READER]
    headers = mail["content"]["personalization"]["headers"]
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    return str(headers["List-Unsubscribe"].strip("<>"))


def test_only_a_post_unsubscribes_for_scanners_open_every_link(
    inhabited: Inhabited, link: str
) -> None:
    status, page = ask(link, "GET")

    assert (status, "<button" in page) == (200, True)
    assert dispatch(inhabited, "after-a-scanner")["status_counts"] == {"COMPLETED": 1}

    assert ask(link, "POST", b"List-Unsubscribe=One-Click")[0] == 200
    assert ask(link, "POST", b"List-Unsubscribe=One-Click")[0] == 200

    after = dispatch(inhabited, "after-the-click")
    assert after["detailed_status_counts"] == {
        "SKIPPED": {"total_count": 1, "counts": {"PRIOR_UNSUBSCRIBED": 1}}
    }
    shown = inhabited.show("before-the-click")["detailed_status_counts"]
    assert shown == {"COMPLETED": {"total_count": 1, "counts": {"UNSUBSCRIBED": 1}}}


def test_a_link_that_is_not_ours_changes_nothing(link: str) -> None:
    stranger = link.rpartition("/")[0] + f"/{uuid4()}"

    assert ask(stranger, "POST")[0] == 404


def test_stop_by_text_is_heard_at_the_door_and_nobody_texts_again(inhabited: Inhabited) -> None:
    number = "+15125550178"
    make_batch(inhabited, "before-the-stop", "sms", [number])
    resume_batch(inhabited.engine, "before-the-stop", by="ana@example.com")
    assert inhabited.wait_until_final("before-the-stop")["status_counts"] == {"COMPLETED": 1}

    url = f"{inhabited.environment['PUBLIC_URL']}/callbacks/sms/inbound"
    said = {"url": url, "from": number, "to": "+15125550100", "body": "Stop."}
    told = ask_sandbox(f"{inhabited.house.sandbox_url}/sandbox/inbound", said)
    assert told == {"status": 200}

    make_batch(inhabited, "after-the-stop", "sms", [number])
    resume_batch(inhabited.engine, "after-the-stop", by="ana@example.com")
    after = inhabited.wait_until_final("after-the-stop")
    assert after["detailed_status_counts"] == {
        "SKIPPED": {"total_count": 1, "counts": {"PRIOR_UNSUBSCRIBED": 1}}
    }
    assert "Stop." not in inhabited.logs()


def test_an_unsigned_stop_is_refused(inhabited: Inhabited) -> None:
    url = f"{inhabited.environment['PUBLIC_URL']}/callbacks/sms/inbound"

    assert ask(url, "POST", b"From=%2B15125550179&Body=STOP&MessageSid=SM1")[0] == 403
