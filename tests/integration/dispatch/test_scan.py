"""Claiming for the queues: how much, how fair, and what is not claimed for ever."""

from collections import Counter
from collections.abc import Mapping

from sqlalchemy import Engine, update

from tests.factories import (
    MINUTE,
    counted_equals_recount,
    make_batch,
    make_campaign,
    make_request,
    queue_row,
    read_request,
)
from worker.dispatch.scan import MOST_DELIVERIES, ScanLimits, awake, hand_back, scan
from worker.domain.statuses import Channel
from worker.store import halts, schema
from worker.store.connect import in_transaction
from worker.store.queue import Chunk

LIMITS = ScanLimits(lease=MINUTE, chunk_size=3, backlog_chunks=4)
IDLE = {Channel.VOICE: 0}


def scanned(
    engine: Engine, backlog: Mapping[Channel, int] = IDLE, only: str | None = None
) -> list[Chunk]:
    return scan(engine, LIMITS, backlog, only)


def test_nothing_due_gives_no_chunk(engine: Engine) -> None:
    make_batch(engine)

    assert scanned(engine) == []


def test_a_chunk_holds_requests_of_one_batch_only(engine: Engine) -> None:
    batches = [make_batch(engine) for _ in range(2)]
    expected = {(batch, make_request(engine, batch=batch)) for batch in batches for _ in range(2)}

    chunks = scanned(engine)

    assert {(chunk.batch, request) for chunk in chunks for request in chunk.requests} == expected
    assert len(chunks) == 2


def test_a_chunk_is_no_larger_than_the_limit(engine: Engine) -> None:
    batch = make_batch(engine)
    for _ in range(7):
        make_request(engine, batch=batch)

    assert [len(chunk.requests) for chunk in scanned(engine)] == [3, 3, 1]


def test_a_second_scan_finds_nothing_left(engine: Engine) -> None:
    make_request(engine)

    assert len(scanned(engine)) == 1
    assert scanned(engine) == []


def test_a_full_queue_takes_nothing(engine: Engine) -> None:
    make_request(engine)

    assert scanned(engine, {Channel.VOICE: LIMITS.backlog_chunks}) == []


def test_a_queue_takes_what_it_has_room_for(engine: Engine) -> None:
    batch = make_batch(engine)
    for _ in range(10):
        make_request(engine, batch=batch)

    chunks = scanned(engine, {Channel.VOICE: LIMITS.backlog_chunks - 2})

    assert sum(len(chunk.requests) for chunk in chunks) == 2 * LIMITS.chunk_size


def test_a_large_batch_leaves_room_for_a_small_one(engine: Engine) -> None:
    large, small = make_batch(engine), make_batch(engine)
    for _ in range(50):
        make_request(engine, batch=large)
    last = make_request(engine, batch=small)

    claimed = {request for chunk in scanned(engine) for request in chunk.requests}

    assert last in claimed


def test_campaigns_share_alike_however_many_batches_each_has(engine: Engine) -> None:
    many = make_campaign(engine)
    batches = [make_batch(engine, campaign=many) for _ in range(6)]
    alone = make_batch(engine)
    for batch in (*batches, alone):
        for _ in range(8):
            make_request(engine, batch=batch)

    got: Counter[int] = Counter()
    for chunk in scanned(engine):
        got[chunk.batch] += len(chunk.requests)

    room = LIMITS.chunk_size * LIMITS.backlog_chunks
    assert got == {alone: room // 2, **dict.fromkeys(batches, room // 2 // len(batches))}


def test_every_channel_is_scanned_for_its_own_queue(engine: Engine) -> None:
    for channel in Channel:
        make_request(engine, batch=make_batch(engine, channel=channel))

    chunks = scanned(engine, {Channel.SMS: 0, Channel.EMAIL: 0})

    assert {chunk.channel for chunk in chunks} == {Channel.SMS, Channel.EMAIL}


def test_a_batch_can_be_scanned_by_itself(engine: Engine) -> None:
    make_request(engine)
    wanted = make_batch(engine, batch_id="wanted")
    make_request(engine, batch=wanted)

    assert [chunk.batch for chunk in scanned(engine, only="wanted")] == [wanted]


def test_what_was_handed_back_is_claimed_by_the_next_scan(engine: Engine) -> None:
    request = make_request(engine)
    [chunk] = scanned(engine)

    hand_back(engine, chunk)

    assert [again.requests for again in scanned(engine)] == [(request,)]


def test_a_publish_that_keeps_failing_poisons_nobody(engine: Engine) -> None:
    request = make_request(engine)

    for _ in range(MOST_DELIVERIES + 2):
        [chunk] = scanned(engine)
        hand_back(engine, chunk)

    assert read_request(engine, request)["request_status"] == "PENDING"


def test_what_keeps_killing_its_workers_is_closed(engine: Engine) -> None:
    batch = make_batch(engine)
    poison, sound = make_request(engine, batch=batch), make_request(engine, batch=batch)
    with engine.begin() as connection:
        connection.execute(
            update(schema.queue)
            .where(schema.queue.c.request == poison)
            .values(claims=MOST_DELIVERIES)
        )

    [chunk] = scanned(engine)

    assert chunk.requests == (sound,)
    after = read_request(engine, poison)
    assert (after["request_status"], after["error_code"]) == ("FAILED", "poison")
    assert queue_row(engine, poison) is None
    assert counted_equals_recount(engine)


def test_a_channel_is_awake_while_it_has_due_work_and_no_halt(engine: Engine) -> None:
    make_request(engine)
    make_batch(engine, channel=Channel.SMS, paused=True)

    before = awake(engine)
    in_transaction(engine, halts.halt, "channel", "voice", "no funds", "test")

    assert Channel.VOICE in before
    assert Channel.EMAIL not in before
    assert Channel.VOICE not in awake(engine)
