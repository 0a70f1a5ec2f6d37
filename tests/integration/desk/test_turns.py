"""What tells that nobody takes what may be sent: not what a rate, a window or a halt holds back."""

from sqlalchemy import Engine, text

from tests.factories import MINUTE, make_batch, make_campaign, make_request
from worker.desk.metrics import read_snapshot
from worker.dispatch.halt import halt
from worker.dispatch.scan import ScanLimits, scan
from worker.domain.statuses import Channel

LIMITS = ScanLimits(lease=MINUTE, chunk_size=3, backlog_chunks=4)


def time_passes(engine: Engine) -> None:
    """Ten minutes in which nobody scans."""
    with engine.begin() as connection:
        connection.execute(
            text("UPDATE batch_pace SET next_claim_at = next_claim_at - interval '10 minutes'")
        )


def waits(engine: Engine) -> float:
    moment = read_snapshot(engine)
    assert moment is not None
    assert moment.turns.keys() == set(Channel)
    return moment.turns[Channel.VOICE]


def test_a_batch_whose_turn_has_come_waits_until_it_is_taken(engine: Engine) -> None:
    make_request(engine)
    time_passes(engine)
    assert 600 <= waits(engine) < 660

    assert scan(engine, LIMITS, {Channel.VOICE: 0})

    assert waits(engine) < 60


def test_a_full_queue_that_nobody_empties_is_a_wait(engine: Engine) -> None:
    make_request(engine)

    assert not scan(engine, LIMITS, {Channel.VOICE: LIMITS.backlog_chunks})
    time_passes(engine)

    assert waits(engine) >= 600


def test_what_its_rate_its_window_or_a_halt_holds_back_waits_for_nobody(engine: Engine) -> None:
    slow = make_campaign(engine, hourly_rate=1)
    closed = make_campaign(engine, active_days=[])
    for campaign in (slow, slow, closed):
        make_request(engine, batch=make_batch(engine, campaign=campaign))
    scan(engine, LIMITS, {Channel.VOICE: 0})
    assert waits(engine) < 60

    make_request(engine)
    time_passes(engine)
    halt(engine, "channel", "voice", "storm", "ana@example.com")

    assert waits(engine) == 0
