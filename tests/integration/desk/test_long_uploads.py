"""A file of 60,000 rows comes in, and nobody who pauses its batch meanwhile waits for it."""

import time
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO

import pytest
from sqlalchemy import Engine, text

from tests.factories import ANA
from worker.desk.batches import pause_batch, resume_batch
from worker.desk.uploads import Uploaded, upload_requests
from worker.domain.contract.batches import BatchDetails
from worker.store.connect import connect

ROWS = 60_000
BETWEEN = 0.02
"""Seconds from one pause to the next: the upload needs a core, too."""
LONGEST = 1.0
"""Seconds; alone a pause takes some milliseconds, and one that waits for the upload as long as that takes."""
READING, STORING = "COPY staged%", "%INSERT INTO communication_request%"
_RUNNING = text("""
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND state = 'active' AND query LIKE :what
""")


@pytest.fixture
def patient(engine: Engine) -> Iterator[Engine]:
    """What uploads use, for they take their time."""
    made = connect(engine.url.render_as_string(hide_password=False), guarded=False)
    yield made
    made.dispose()


def test_a_pause_waits_for_no_long_upload(
    engine: Engine, patient: Engine, batch: BatchDetails
) -> None:
    took: defaultdict[str, list[float]] = defaultdict(list)
    with ThreadPoolExecutor() as beside:
        uploading = beside.submit(upload, patient)
        while not uploading.done():
            phase = find_phase(engine)
            took[phase].append(pause(engine))
            time.sleep(BETWEEN)

    assert uploading.result().pending == ROWS
    assert took.keys() >= {READING, STORING}
    assert max(map(max, took.values())) < LONGEST


def upload(engine: Engine) -> Uploaded:
    rows = "".join(f"{n},+1512{5_550_000 + n},Ana\n" for n in range(ROWS))
    file = BytesIO(f"reference_id,target,name\n{rows}".encode())
    return upload_requests(engine, "B", file=file, filename="people.csv", by=ANA)


def pause(engine: Engine) -> float:
    """How many seconds it took; the batch goes on afterwards."""
    begins = time.perf_counter()
    pause_batch(engine, "B", by=ANA)
    took = time.perf_counter() - begins
    resume_batch(engine, "B", by=ANA)
    return took


def find_phase(engine: Engine) -> str:
    """What the upload is at; nothing, if it is at something short."""
    with engine.begin() as connection:
        at = (one for one in (READING, STORING) if connection.scalar(_RUNNING, {"what": one}))
        return next(at, "")
