"""A provider that stands still while a batch is paused reads later what was written: it is waited for."""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

from sqlalchemy import text

from tests.acceptance.test_dispatch import BY, CAMPAIGNS, make_batch
from tests.fixtures.house import Inhabited, frozen, wait_until
from worker.desk.batches import pause_batch, resume_batch
from worker.dispatch.drain import drain
from worker.store.connect import in_transaction

ARRIVAL = timedelta(seconds=12)
"""Longer than the house's own, so that a slow machine still lets the provider go on in time."""


def attempts(inhabited: Inhabited, batch: str, state: str) -> int:
    query = text("""
        SELECT count(*) FROM attempt AS a JOIN communication_batch AS b ON b.id = a.batch
        WHERE b.batch_id = :batch AND a.state = :state
    """)
    found = in_transaction(
        inhabited.engine, lambda c: c.scalar(query, {"batch": batch, "state": state})
    )
    return int(found or 0)


def posts(inhabited: Inhabited, since: float, source: str) -> int:
    found = inhabited.sandbox(f"posts?since={since}&from={source.replace('+', '%2B')}")
    return int(found["posts"])


def test_what_it_reads_when_it_goes_on_was_waited_for(inhabited: Inhabited) -> None:
    batch, source = f"still-{uuid4().hex[:8]}", "+15125569876"
    people = [f"+1512557{n:04}" for n in range(2000, 2020)]
    make_batch(inhabited, batch, "sms", people, **{**CAMPAIGNS["sms"], "source": source})
    timeouts = replace(inhabited.runtime.timeouts, arrival=ARRIVAL)
    with ThreadPoolExecutor() as beside:
        with frozen(inhabited, "worker.sandbox"):
            resume_batch(inhabited.engine, batch, by=BY)
            wait_until(lambda: attempts(inhabited, batch, "SENDING") > 0)
            pause_batch(inhabited.engine, batch, by=BY)
            drained = beside.submit(
                drain, inhabited.engine, inhabited.runtime.provider_loop, timeouts, batch
            )
            wait_until(lambda: attempts(inhabited, batch, "SENDING") == 0)
            assert attempts(inhabited, batch, "IN_DOUBT") > 0
            time.sleep(0.3)  # a drain that does not wait has returned by now
            went_on = drained.done()
        drained.result(60)
    inhabited.runtime.close_provider_loop()
    returned = time.time()

    assert not went_on
    wait_until(lambda: posts(inhabited, 0, source) > 0)
    assert posts(inhabited, returned, source) == 0
