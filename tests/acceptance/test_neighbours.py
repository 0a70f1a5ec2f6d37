"""Two deployments on one broker, each under its own names: neither sees, halts or serves the other."""

import json
from collections.abc import Sequence

import pytest
from redis import Redis

from tests.acceptance.test_dispatch import BY, ENDS, TARGETS, make_batch, publish
from tests.acceptance.test_flower import workers
from tests.doors import envelope
from tests.fixtures.house import Inhabited, wait_until
from worker.desk.batches import resume_batch, show_batch
from worker.dispatch.halt import halts_in_force
from worker.domain.errors import UnknownBatch
from worker.store import tallies
from worker.store.connect import in_transaction

pytestmark = pytest.mark.turn(2)

PREFIXES = ("outreach:", "second-house:")


@pytest.fixture(scope="module")
def both(inhabited: Inhabited, neighbour: Inhabited) -> dict[str, Inhabited]:
    """The session's houses by their prefixes."""
    return dict(zip(PREFIXES, (inhabited, neighbour), strict=True))


def test_each_dispatches_its_own_and_neither_halts(both: dict[str, Inhabited]) -> None:
    for house in both.values():
        for channel in ENDS:
            make_batch(house, f"neighbours-{channel}", channel, _own(TARGETS[channel]))
            resume_batch(house.engine, f"neighbours-{channel}", by=BY)

    for house in both.values():
        for channel, ends in ENDS.items():
            assert house.wait_until_final(f"neighbours-{channel}")["status_counts"] == ends
        assert house.sandbox("summary")["contacts_per_token_max"] == 1
        assert halts_in_force(house.engine) == []


def test_a_message_reaches_the_deployment_it_was_sent_to(both: dict[str, Inhabited]) -> None:
    """A campaign of the same name is in both, so that either could take any of them."""
    for prefix, house in both.items():
        make_batch(house, "doors", "sms")
        _append(house, prefix, _batch(f"stream-{prefix[:-1]}"))
        publish(house, "outreach.create_batch", _batch(f"queue-{prefix[:-1]}"))
    sent = {prefix: [f"{door}-{prefix[:-1]}" for door in ("stream", "queue")] for prefix in both}
    wait_until(lambda: all(_has(both[one], made) for one in both for made in sent[one]))

    for prefix, other in zip(PREFIXES, reversed(both.values()), strict=True):
        assert not any(_has(other, made) for made in sent[prefix])


def test_what_has_no_prefix_goes_to_the_deployment_without_a_namespace(
    both: dict[str, Inhabited],
) -> None:
    first, second = both.values()
    before = in_transaction(first.engine, tallies.read).get("strays", 0)
    with Redis.from_url(first.environment["BROKER_URL"]) as broker:
        for number in range(20):
            broker.lpush(
                "celery", json.dumps(envelope("outreach.create_batch", _batch(f"S{number}")))
            )

    wait_until(lambda: in_transaction(first.engine, tallies.read).get("strays", 0) == before + 20)
    assert "strays" not in in_transaction(second.engine, tallies.read)


def test_an_operator_sees_only_the_own_workers(both: dict[str, Inhabited]) -> None:
    lines = {"voice", "sms", "email", "triggers"}
    first, second = both.values()

    wait_until(lambda: set(workers(first)) == lines)
    wait_until(lambda: set(workers(second)) == {f"second-house-{line}" for line in lines})


def test_every_key_of_the_broker_is_one_of_theirs(both: dict[str, Inhabited]) -> None:
    with Redis.from_url(both["outreach:"].environment["BROKER_URL"]) as broker:
        keys = {key.decode() for key in broker.scan_iter()}

    assert {key for key in keys if not key.startswith(PREFIXES)} == set()
    for prefix in both:
        assert {f"{prefix}database", f"{prefix}triggers"} <= keys


def _own(targets: Sequence[str]) -> list[str]:
    """Mailboxes that no other test of this house writes to: one that bounced is suppressed there."""
    return [f"next-{target}" if "@" in target else target for target in targets]


def _batch(batch_id: str) -> dict[str, object]:
    return {"batch_id": batch_id, "campaign_name": "doors"}


def _append(house: Inhabited, prefix: str, payload: dict[str, object]) -> None:
    with Redis.from_url(house.environment["BROKER_URL"]) as broker:
        entry = {"name": "outreach.create_batch", "payload": json.dumps(payload)}
        broker.xadd(f"{prefix}triggers", entry)


def _has(house: Inhabited, batch_id: str) -> bool:
    try:
        return bool(show_batch(house.engine, batch_id))
    except UnknownBatch:
        return False
