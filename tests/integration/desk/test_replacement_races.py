"""Replacements against begin, removal and opt-outs, in whatever order the database lets them through."""

from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from random import Random

import pytest
from sqlalchemy import Engine, text

from tests.factories import ANA, counted_equals_recount, lease
from tests.integration.desk.test_replacements import HEADER, request_of, waiting
from tests.integration.store.test_begin import begin
from worker.desk.request_actions import remove_requests
from worker.desk.results import results
from worker.desk.suppressions import suppress_recipient
from worker.desk.uploads import upload_requests
from worker.domain.statuses import Channel, SuppressReason
from worker.store.chunk_contents import read_chunk_contents
from worker.store.connect import in_transaction
from worker.store.queue import Chunk

ROUNDS = 15
PEOPLE = [f"+151255501{n:02}" for n in range(6)]
BEGUN = text("""
    SELECT r.id, r.address FROM attempt AS a JOIN communication_request AS r ON r.id = a.request
""")


def upload(engine: Engine, targets: list[str], *, replace: bool = False) -> None:
    rows = "".join(f"{at},{target},Ana\n" for at, target in enumerate(targets))
    file = BytesIO((HEADER + rows).encode())
    upload_requests(engine, "B", file=file, filename="f", by=ANA, replace=replace)


def deliver(engine: Engine, chunk: Chunk) -> dict[int, str]:
    """By request that began: the address its worker has rendered for."""
    rendered = in_transaction(engine, read_chunk_contents, chunk)
    begun, _ = in_transaction(engine, begin, chunk)
    drafts = {draft.request: draft.address for draft in rendered.drafts}
    return {one.request: drafts[one.request] for one in begun}


@pytest.mark.usefixtures("batch")
@pytest.mark.parametrize("seed", range(ROUNDS))
def test_whoever_is_contacted_is_the_one_that_stands_there(engine: Engine, seed: int) -> None:
    random = Random(seed)  # noqa: S311  a test's dice
    before, after = random.sample(PEOPLE, 4), random.sample(PEOPLE, 4)
    upload(engine, before)
    chunk = lease(engine, *(request_of(engine, str(at)) for at in range(4)))
    stopped, removed = random.choice(PEOPLE), str(random.randrange(4))
    acts = [
        lambda: deliver(engine, chunk),
        lambda: upload(engine, after, replace=True),
        lambda: remove_requests(engine, "B", [removed], by=ANA),
        lambda: suppress_recipient(
            engine, Channel.SMS, stopped, reason=SuppressReason.UNSUBSCRIBED, by=ANA
        ),
    ]
    random.shuffle(acts)

    with ThreadPoolExecutor(len(acts)) as pool:
        done = [future.result(30) for future in [pool.submit(act) for act in acts]]

    contacted = next(one for one in done if isinstance(one, dict))
    with engine.begin() as connection:
        assert {row.id: row.address for row in connection.execute(BEGUN)} == contacted
    assert len(set(contacted.values())) == len(contacted)
    pending = {one.reference_id for one in results(engine, "B") if one.request_status == "PENDING"}
    assert waiting(engine) == pending
    assert counted_equals_recount(engine)
