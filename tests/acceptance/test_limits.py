"""Four workers together keep to a provider's limit, as the provider counts."""

import io
from contextlib import ExitStack
from pathlib import Path

import pytest
from redis import Redis

from tests.acceptance.test_shutdown import BY, CONTENT, SCHEDULER, Office, office
from tests.factories import ANY_TIME
from tests.fixtures.house import wait_until
from tests.limits import CLOCKS, pass_time
from worker.desk.batches import create_batch
from worker.desk.campaigns import create_campaign
from worker.desk.uploads import upload_requests
from worker.limits import Bucket
from worker.limits.bucket import BURST_SECONDS

__all__ = ["office"]

pytestmark = [
    pytest.mark.turn(1),
    pytest.mark.usefixtures("durable"),
]

WINDOW = 10.0
RUN_SECONDS = 10.5
# Without a limit as much goes out as the machine can do, which is more than any rate below.
ROOM = {"CHUNK_SIZE": "100", "BACKLOG_CHUNKS": "20"}
# A permission may be older than its request: by the time in which one is begun and sent.
ON_THE_WAY_SECONDS = 0.3


def most_in_a_window(times: list[float]) -> int:
    """The fullest window that starts at a contact."""
    return max(sum(start <= at < start + WINDOW for at in times) for start in times)


@pytest.mark.sampled
@pytest.mark.parametrize("rate", [1, 10, 500])
def test_four_workers_stay_within_the_limit_in_every_ten_seconds(office: Office, rate: int) -> None:
    office.sandbox.change(latency_ms=0)
    limited = {**office.environment, "SMS_PER_SECOND": str(rate), **ROOM}
    limited_office = Office(limited, office.engine, office.sandbox, Path(office.log))
    _upload(office, people=max(rate * 15, 40))

    def contacted() -> list[float]:
        return sorted(entry["accepted_at"] for entry in office.sandbox.ledger())

    def long_enough() -> bool:
        times = contacted()
        return bool(times) and times[-1] - times[0] >= RUN_SECONDS

    with ExitStack() as running:
        workers = [running.enter_context(limited_office.working("sms")) for _ in range(4)]
        running.enter_context(limited_office.running(*SCHEDULER))
        wait_until(long_enough)
        times = contacted()
        assert [worker.poll() for worker in workers] == [None] * 4

    burst = max(1.0, rate * BURST_SECONDS)
    assert most_in_a_window(times) <= rate * (WINDOW + ON_THE_WAY_SECONDS) + burst
    # A gate that lets nothing through would hold any limit; a busy machine may not reach 500.
    assert len(times) >= min(rate, 50) * RUN_SECONDS * 0.7


def _upload(office: Office, *, people: int) -> None:
    fields = {"campaign_name": "limited", "mode": "sms", "source": "+15125550100"}
    campaign = create_campaign(office.engine, fields | ANY_TIME | CONTENT["sms"], by=BY)
    create_batch(office.engine, {"batch_id": "limited", "campaign_id": campaign.id}, by=BY)
    # 01NN at the end of a number is a scenario of the sandbox.
    numbers = [n for n in range(2_010_000, 2_100_000) if not 100 <= n % 10_000 < 200][:people]
    rows = [f"R{n},+1512{n}" for n in numbers]
    file = io.BytesIO("\n".join(["reference_id,target", *rows, ""]).encode())
    upload_requests(office.engine, "limited", file=file, filename="requests.csv", by=BY)


@pytest.mark.sampled
@pytest.mark.parametrize("moved", CLOCKS, ids=["it had been ahead", "it had been behind"])
def test_a_limits_server_whose_clock_is_put_right_stops_nobody(
    office: Office, broker_url: str, moved: float
) -> None:
    """Its clock can't be set from here; what it remembers is moved the other way instead."""
    office.sandbox.change(latency_ms=0)
    limited = {**office.environment, "SMS_PER_SECOND": "20", **ROOM}
    limited_office = Office(limited, office.engine, office.sandbox, Path(office.log))
    _upload(office, people=200)

    def contacts() -> int:
        return int(office.sandbox.summary()["contacts"])

    with ExitStack() as running, Redis.from_url(broker_url) as server:
        running.enter_context(limited_office.working("sms"))
        running.enter_context(limited_office.running(*SCHEDULER))
        wait_until(lambda: contacts() >= 20)
        pass_time(server, Bucket("sms:+15125550100", 20.0), moved)
        goal = contacts() + 60
        wait_until(lambda: contacts() >= goal)

    times = sorted(entry["accepted_at"] for entry in office.sandbox.ledger())
    burst = 2 * 20 * BURST_SECONDS  # the usual one, and one for the clock
    assert most_in_a_window(times) <= 20 * (WINDOW + ON_THE_WAY_SECONDS) + burst
