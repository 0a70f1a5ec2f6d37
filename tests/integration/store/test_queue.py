"""Claiming: whose turn it is, and that no request is in two hands."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Engine, func, update

from tests.factories import (
    HOUR,
    MINUTE,
    SECOND,
    counted_equals_recount,
    lease,
    make_batch,
    make_request,
    queue_row,
    read,
    read_request,
    transitions,
)
from tests.sessions import Beside
from worker.dispatch.scan import ScanLimits, scan
from worker.domain.statuses import Channel
from worker.store import attempts, halts, queue, schema
from worker.store.connect import in_transaction
from worker.store.queue import Chunk

LIMITS = ScanLimits(lease=MINUTE, chunk_size=100, backlog_chunks=1)


def claim(
    engine: Engine, *, channel: Channel = Channel.VOICE, room: int = 100, only: str | None = None
) -> list[Chunk]:
    """What a scan claims that looks at every batch, whenever its turn would come."""
    wake = update(schema.batch_pace).values(next_claim_at=func.clock_timestamp())
    in_transaction(engine, lambda c: c.execute(wake))
    return scan(engine, replace(LIMITS, chunk_size=room), {channel: 0}, only)


def claimed_now(
    engine: Engine, *, channel: Channel = Channel.VOICE, room: int = 100, only: str | None = None
) -> set[int]:
    return {
        request
        for chunk in claim(engine, channel=channel, room=room, only=only)
        for request in chunk.requests
    }


def test_a_due_request_is_claimed_under_a_lease(engine: Engine) -> None:
    request = make_request(engine)

    [chunk] = claim(engine)

    assert chunk.requests == (request,)
    row = queue_row(engine, request)
    assert row is not None
    assert (row["lease_token"], row["claims"]) == (chunk.lease, 0)


def test_schedulers_at_the_same_time_never_claim_the_same_request(engine: Engine) -> None:
    batch = make_batch(engine)
    every = {make_request(engine, batch=batch) for _ in range(40)}

    with ThreadPoolExecutor(4) as schedulers:
        found = list(schedulers.map(lambda _: claimed_now(engine, room=4), range(20)))
    found.append(claimed_now(engine))

    assert set.union(*found) == every
    assert sum(map(len, found)) == len(every)


def test_a_claimed_request_is_not_claimed_again(engine: Engine) -> None:
    make_request(engine)
    claimed_now(engine)

    assert claimed_now(engine) == set()


def test_a_lease_that_ran_out_can_be_claimed_again(engine: Engine) -> None:
    request = make_request(engine)
    lease(engine, request, lasts=-SECOND)

    assert claimed_now(engine) == {request}


def test_a_request_is_not_claimed_before_it_is_due(engine: Engine) -> None:
    make_request(engine, due_in=HOUR)

    assert claimed_now(engine) == set()


CLOSED: dict[str, dict[str, Any]] = {
    "not_started": {"starts_at": func.clock_timestamp() + HOUR},
    "paused": {"paused": True},
    "deleted": {"deleted_at": func.clock_timestamp(), "deleted_reason": "by mistake"},
    "expired": {"expires_on": func.clock_timestamp()},
    "finished": {"finished_at": func.clock_timestamp()},
    "failed": {"error_message": "line 3: not UTF-8"},
}


@pytest.mark.parametrize("why", CLOSED)
def test_nothing_of_a_closed_batch_is_claimed(engine: Engine, why: str) -> None:
    request = make_request(engine, batch=make_batch(engine, **CLOSED[why]))

    assert claimed_now(engine) == set()

    batch = read_request(engine, request)["batch"]
    reopened: dict[str, object] = dict.fromkeys(CLOSED[why]) | (
        {"paused": False} if why == "paused" else {}
    )
    in_transaction(
        engine,
        lambda c: c.execute(
            update(schema.batch).where(schema.batch.c.id == batch).values(**reopened)
        ),
    )
    assert claimed_now(engine) == {request}


@pytest.mark.parametrize("scope", ["all", "channel", "campaign"])
def test_nothing_of_a_halted_scope_is_claimed(engine: Engine, scope: halts.Scope) -> None:
    batch = make_batch(engine)
    request = make_request(engine, batch=batch)
    campaign = str(read(engine, schema.batch, batch)["campaign_id"])
    key = {"all": "", "channel": "voice", "campaign": campaign}[scope]
    in_transaction(engine, halts.halt, scope, key, "no funds", "provider")

    assert claimed_now(engine) == set()

    in_transaction(engine, halts.resume, scope, key)
    assert claimed_now(engine) == {request}


def test_each_channel_claims_its_own(engine: Engine) -> None:
    call = make_request(engine, batch=make_batch(engine, channel=Channel.VOICE))
    text = make_request(engine, batch=make_batch(engine, channel=Channel.SMS))

    assert claimed_now(engine, channel=Channel.SMS) == {text}
    assert claimed_now(engine, channel=Channel.VOICE) == {call}


def test_a_scan_of_one_batch_leaves_the_others(engine: Engine) -> None:
    batch = make_batch(engine, batch_id="wanted")
    request = make_request(engine, batch=batch)
    make_request(engine)

    assert claimed_now(engine, only="wanted") == {request}


def test_each_batch_gets_its_share(engine: Engine) -> None:
    large, small = make_batch(engine), make_batch(engine)
    for _ in range(10):
        make_request(engine, batch=large)
    last = make_request(engine, batch=small)

    found = {chunk.batch: chunk.requests for chunk in claim(engine, room=4)}

    assert found[small] == (last,)
    assert len(found[large]) == 3


def test_the_longest_due_goes_first(engine: Engine) -> None:
    batch = make_batch(engine)
    make_request(engine, batch=batch, due_in=-MINUTE)
    longest = make_request(engine, batch=batch, due_in=-HOUR)

    assert claimed_now(engine, room=1) == {longest}


def test_a_released_claim_may_be_claimed_at_once(engine: Engine) -> None:
    request = make_request(engine)
    chunk = lease(engine, request)

    in_transaction(engine, queue.release, chunk)

    assert claimed_now(engine) == {request}


def test_a_released_claim_does_not_count_towards_poison(engine: Engine) -> None:
    request = make_request(engine)
    chunk = lease(engine, request)

    in_transaction(engine, queue.release, chunk)

    row = queue_row(engine, request)
    assert row is not None
    assert row["claims"] == 0


def test_a_claim_that_somebody_else_took_over_is_not_released(engine: Engine) -> None:
    request = make_request(engine)
    stale, fresh = lease(engine, request), lease(engine, request)

    in_transaction(engine, queue.release, stale)

    row = queue_row(engine, request)
    assert row is not None
    assert row["lease_token"] == fresh.lease


def test_what_cannot_be_sent_is_closed_with_its_reason(engine: Engine) -> None:
    request = make_request(engine)
    chunk = lease(engine, request)

    in_transaction(engine, queue.fail_unsent, chunk.lease, "render", [(request, "no {{ name }}")])

    after = read_request(engine, request)
    assert (after["request_status"], after["channel_manager_status"]) == (
        "FAILED",
        "UNEXPECTED_ERROR",
    )
    assert (after["error_code"], after["error_message"]) == ("render", "no {{ name }}")
    assert queue_row(engine, request) is None
    assert transitions(engine, request)[-1] == ("PENDING", "FAILED", "dispatch")
    assert counted_equals_recount(engine)


def test_a_stale_claim_closes_nothing(engine: Engine) -> None:
    request = make_request(engine)
    stale = lease(engine, request)
    lease(engine, request)

    in_transaction(engine, queue.fail_unsent, stale.lease, "render", [(request, "no")])

    assert read_request(engine, request)["request_status"] == "PENDING"
    assert queue_row(engine, request) is not None


def test_what_begins_at_that_moment_is_not_closed(engine: Engine) -> None:
    request = make_request(engine)
    chunk = lease(engine, request)

    with engine.begin() as sender:
        attempts.begin(sender, chunk, [request], send_window=MINUTE, answer_time=MINUTE)
        with Beside(
            engine, lambda c: queue.fail_unsent(c, chunk.lease, "render", [(request, "no")])
        ) as closer:
            closer.wait_until_blocked()
            sender.commit()
            closer.result()

    assert read_request(engine, request)["request_status"] == "INITIATED"
