"""A worker that is stopped in the middle of a burst contacts nobody a second time when it goes on."""

import io
import signal
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from urllib.parse import urlsplit

import psutil
import pytest
from sqlalchemy import text

from tests.acceptance.test_shutdown import BY, CONTENT, SCHEDULER, WEB, Office, office
from tests.factories import ANY_TIME
from tests.fixtures.house import wait_until
from worker.desk.batches import create_batch
from worker.desk.campaigns import create_campaign
from worker.desk.uploads import upload_requests
from worker.store.connect import in_transaction

__all__ = ["office"]

pytestmark = [
    pytest.mark.turn(0),
    pytest.mark.usefixtures("durable"),
]

PEOPLE = [f"+1512556{n:04}" for n in range(2000, 2100)]
OPEN = {"PENDING", "INITIATED"}


@pytest.mark.sampled
@pytest.mark.parametrize("connections", [0, 30], ids=["as it begins", "while it writes"])
def test_a_worker_frozen_in_a_burst_contacts_nobody_twice(office: Office, connections: int) -> None:
    """Absence is proven and another worker has sent before the first one goes on."""
    office.sandbox.change(latency_ms=0)
    fast = {**office.environment, "PROFILE": "fast", "CHUNK_SIZE": "100"}
    quick = Office(fast, office.engine, office.sandbox, office.log)
    with ExitStack() as running:
        frozen = running.enter_context(quick.working("sms"))
        running.enter_context(quick.running(*WEB))
        upload(office)
        running.enter_context(quick.running(*SCHEDULER))
        wait_for(lambda: begun(office) > 0)
        wait_for(lambda: connected(frozen.pid, office.sandbox.url) >= connections)
        frozen.send_signal(signal.SIGSTOP)
        running.callback(frozen.send_signal, signal.SIGCONT)
        running.enter_context(quick.working("sms"))
        wait_until(lambda: not OPEN & set(statuses(office)), 60)
        frozen.send_signal(signal.SIGCONT)
        wait_until(lambda: not begun(office, "SENDING"), 10)
        frozen.send_signal(signal.SIGTERM)  # it ends when all that it still does is done
        frozen.wait(30)

    contacts = Counter(entry["to"] for entry in office.sandbox.ledger())
    assert set(contacts) == set(PEOPLE)
    assert max(contacts.values()) == 1
    assert statuses(office) == {"COMPLETED": len(PEOPLE)}
    assert "double_contact_risk" not in office.log.read_text(encoding="utf-8")


def upload(office: Office) -> None:
    fields = {"campaign_name": "frozen", "mode": "sms", "source": "+15125550100"}
    campaign = create_campaign(office.engine, fields | ANY_TIME | CONTENT["sms"], by=BY)
    create_batch(office.engine, {"batch_id": "frozen", "campaign_id": campaign.id}, by=BY)
    rows = "".join(f"R{number},{number}\n" for number in PEOPLE)
    file = io.BytesIO(f"reference_id,target\n{rows}".encode())
    upload_requests(office.engine, "frozen", file=file, filename="people.csv", by=BY)


def connected(pid: int, url: str) -> int:
    """How many connections a process has there; each is written to as soon as it stands."""
    port = urlsplit(url).port
    open_ones = psutil.Process(pid).net_connections("tcp4")
    return sum(one.raddr and one.raddr.port == port for one in open_ones)


def wait_for(moment: Callable[[], bool]) -> None:
    """Without a pause between two looks: the burst is over in some milliseconds."""
    ends = time.monotonic() + 45
    while not moment():
        assert time.monotonic() < ends, "nothing was begun"


def begun(office: Office, state: str | None = None) -> int:
    """How many attempts there are, in this state or any."""
    query = text("SELECT count(*) FROM attempt WHERE state = coalesce(:state, state)")
    return in_transaction(office.engine, lambda c: c.scalar(query, {"state": state})) or 0


def statuses(office: Office) -> dict[str, int]:
    """The batch's requests by status."""
    query = text("SELECT request_status, count(*) FROM communication_request GROUP BY 1")
    rows = in_transaction(office.engine, lambda c: c.execute(query).all())
    return {str(status): int(n) for status, n in rows}
