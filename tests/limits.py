"""How the limits behave on a server, be it a real one or a fake: a table that both are held to.

No test waits: what time would have changed is moved back in the bucket's hash.
"""

from collections.abc import Callable
from time import time
from typing import Any

import pytest
from redis import Redis

from worker.domain.schedule.source_limits import SourceLimit
from worker.domain.statuses import Channel
from worker.limits import Bucket, Buckets, Closed, SharedGate, Stopping, WantedPermits

Behaviour = Callable[[Redis], None]

VOICE = Bucket("voice", 1.0)
FAST = Bucket("voice", 500.0)
A_MOMENT = 0.2
"""Longer than a script takes, shorter than what is told apart."""


def key(bucket: Bucket) -> str:
    return f"outreach:limit:{bucket.name}"


def pass_time(server: Redis, bucket: Bucket, seconds: float) -> None:
    """As if this long had passed since the bucket was last asked or slowed."""
    for field in ("at", "until", "slowed"):
        value = server.hget(key(bucket), field)
        if value is not None:
            assert isinstance(value, bytes)
            server.hset(key(bucket), field, str(float(value) - seconds))


def a_full_bucket_gives_one_burst_and_then_nothing(server: Redis) -> None:
    buckets = Buckets(server)
    bursts = {1.0: 1, 10.0: 1, 20.0: 2, 500.0: 50}
    for rate, burst in bursts.items():
        assert buckets.take(Bucket(f"at {rate}", rate), 1_000) == (burst, 0.0)

    assert buckets.take(Bucket("at 1.0", 1.0), 1)[0] == 0


def a_bucket_fills_with_time_and_never_over_one_burst(server: Redis) -> None:
    buckets = Buckets(server)
    buckets.take(VOICE, 1)
    pass_time(server, VOICE, 0.5)

    given, wait = buckets.take(VOICE, 1)
    assert given == 0
    assert wait == pytest.approx(0.5, abs=A_MOMENT)
    pass_time(server, VOICE, 3600)
    assert buckets.take(VOICE, 10)[0] == 1


def nobody_is_given_more_than_asked_for(server: Redis) -> None:
    buckets = Buckets(server)

    assert [buckets.take(FAST, n)[0] for n in (0, 3, 1)] == [0, 3, 1]


def a_server_that_forgets_costs_one_burst(server: Redis) -> None:
    buckets = Buckets(server)
    first = buckets.take(VOICE, 100)
    server.flushall()

    assert (first, buckets.take(VOICE, 100)) == ((1, 0.0), (1, 0.0))
    assert buckets.take(VOICE, 100)[0] == 0


def a_bucket_nobody_asks_is_forgotten(server: Redis) -> None:
    Buckets(server).take(VOICE, 1)

    left: Any = server.ttl(key(VOICE))
    assert 0 < left <= 3600


def unused_permits_are_there_again_but_no_more_than_one_burst(server: Redis) -> None:
    buckets = Buckets(server)
    buckets.take(VOICE, 1)
    buckets.give_back(VOICE, 5)

    assert [buckets.take(VOICE, 1)[0] for _ in range(2)] == [1, 0]


def what_was_used_beyond_is_owed(server: Redis) -> None:
    buckets = Buckets(server)
    buckets.take(VOICE, 1)
    buckets.give_back(VOICE, -3)

    given, wait = buckets.take(VOICE, 1)
    assert given == 0
    assert wait == pytest.approx(4.0, abs=A_MOMENT)


def a_refusal_blocks_everybody_for_the_time_it_named(server: Redis) -> None:
    assert Buckets(server).slow(FAST, 7.0) == pytest.approx(7.0, abs=0.01)

    given, wait = Buckets(server).take(FAST, 10)
    assert given == 0
    assert wait == pytest.approx(7.0, abs=A_MOMENT)


def refusals_of_one_overload_are_one_strike_and_the_next_one_lasts_longer(server: Redis) -> None:
    buckets = Buckets(server)

    assert buckets.slow(FAST, None) == pytest.approx(1.0, abs=0.01)
    assert buckets.slow(FAST, None) == pytest.approx(1.0, abs=A_MOMENT)
    for longer in (2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0):
        server.hset(key(FAST), "until", "0")
        assert buckets.slow(FAST, None) == pytest.approx(longer, abs=0.01)


def after_two_quiet_minutes_a_refusal_is_the_first_again(server: Redis) -> None:
    buckets = Buckets(server)
    buckets.slow(FAST, None)
    server.hset(key(FAST), "until", "0")
    buckets.slow(FAST, None)
    pass_time(server, FAST, 130)

    assert buckets.slow(FAST, None) == pytest.approx(1.0, abs=0.01)


def after_a_refusal_it_fills_at_half_speed_and_recovers_in_half_a_minute(server: Redis) -> None:
    buckets = Buckets(server)
    buckets.slow(VOICE, None)
    pass_time(server, VOICE, 1.0)
    assert buckets.take(VOICE, 1)[1] == pytest.approx(2.0, abs=2 * A_MOMENT)

    for seconds, wait in ((3, 1.87), (15, 1.41), (30, 1.0)):
        server.hset(key(VOICE), mapping={"slowed": str(time() - seconds), "at": str(time())})
        server.hset(key(VOICE), "tokens", "0")
        assert buckets.take(VOICE, 1)[1] == pytest.approx(wait, abs=A_MOMENT)

    now = time()
    filling = {"slowed": str(now), "tokens": "0", "at": str(now - 1.3), "until": "0"}
    for field, value in filling.items():
        server.hset(key(VOICE), field, value)
    assert buckets.take(VOICE, 1)[0] == 0


CLOCKS = (-600.0, 600.0)
"""Seconds by which the server's clock is put right: it had been ahead, or behind."""


def a_clock_that_is_put_right_stops_nobody(server: Redis) -> None:
    for moved in CLOCKS:
        buckets = Buckets(server)
        buckets.take(VOICE, 100)
        pass_time(server, VOICE, moved)

        given, wait = buckets.take(VOICE, 1)
        assert (given, wait) == (1, 0.0) or wait <= 1.0
        pass_time(server, VOICE, 1.0)
        assert buckets.take(VOICE, 100)[0] == 1, "one burst at most, whatever the clock says"
        assert buckets.take(VOICE, 100)[0] == 0


def a_clock_that_is_put_back_neither_prolongs_nor_forgets_a_refusal(server: Redis) -> None:
    buckets = Buckets(server)
    buckets.slow(FAST, 7.0)
    pass_time(server, FAST, -600.0)

    for _ in range(2):
        assert buckets.take(FAST, 10)[1] == pytest.approx(7.0, abs=A_MOMENT)
    pass_time(server, FAST, 8.0)
    assert buckets.take(FAST, 10)[0] > 0


def a_clock_that_is_put_back_does_not_keep_it_slow(server: Redis) -> None:
    buckets = Buckets(server)
    buckets.slow(VOICE, None)
    pass_time(server, VOICE, -600.0)
    buckets.take(VOICE, 1)
    pass_time(server, VOICE, 40.0)

    assert buckets.take(VOICE, 1)[0] == 1
    assert buckets.take(VOICE, 1)[1] == pytest.approx(1.0, abs=A_MOMENT)


def nobody_blocks_for_longer_than_an_hour(server: Redis) -> None:
    assert Buckets(server).slow(VOICE, 1e9) == pytest.approx(3600.0, abs=0.01)
    assert Buckets(server).take(VOICE, 1)[1] <= 3600.0


def gate(server: Redis, *, rate: float = 1.0, patience: float = 0.0) -> SharedGate:
    return SharedGate(Buckets(server), dict.fromkeys(Channel, rate), patience=patience)


def calls_share_an_account_and_texts_a_sender(server: Redis) -> None:
    shared = gate(server)
    given = [shared.reserve(Channel.SMS, source, 1) for source in ("+15125550100", "+15125550101")]
    assert given == [1, 1]

    shared.reserve(Channel.VOICE, "+15125550100", 1)
    with pytest.raises(Closed, match="time of a lease"):
        shared.reserve(Channel.VOICE, "+15125550101", 1)


def who_can_not_be_served_in_time_does_not_wait(server: Redis) -> None:
    shared = gate(server, patience=0.5)
    shared.reserve(Channel.VOICE, "", 1)

    with pytest.raises(Closed, match="time of a lease"):
        shared.reserve(Channel.VOICE, "", 1)


def who_can_be_served_in_time_waits(server: Redis) -> None:
    shared = gate(server, rate=10.0, patience=5.0)

    assert [shared.reserve(Channel.VOICE, "", 100) for _ in range(2)] == [1, 1]


def without_a_limit_nobody_asks_the_server(server: Redis) -> None:
    assert gate(server, rate=0.0).reserve(Channel.VOICE, "", 1_000) == 1_000
    assert server.keys("outreach:limit:*") == []


def a_text_of_several_segments_waits_for_all_of_them(server: Redis) -> None:
    shared = gate(server, rate=1.0)
    given = shared.reserve_any(Channel.SMS, {"a": WantedPermits(5, first=3, largest=3)})
    assert given == {"a": 3}

    pass_time(server, Bucket("sms:a", 1.0), 2.0)
    with pytest.raises(Closed):
        shared.reserve_any(Channel.SMS, {"a": WantedPermits(3, first=3, largest=3)})
    pass_time(server, Bucket("sms:a", 1.0), 1.1)
    assert shared.reserve_any(Channel.SMS, {"a": WantedPermits(3, first=3, largest=3)}) == {"a": 3}


def who_has_several_sources_waits_for_any_of_them(server: Redis) -> None:
    shared = gate(server)
    shared.reserve(Channel.SMS, "a", 1)

    assert shared.reserve_any(Channel.SMS, {"a": WantedPermits(1), "b": WantedPermits(1)}) == {
        "b": 1
    }


def sources_of_one_registration_share_a_carriers_limit(server: Redis) -> None:
    limit = SourceLimit("registration acme", 60)
    shared = SharedGate(
        Buckets(server),
        dict.fromkeys(Channel, 0.0),
        patience=0.0,
        limit_of={"a": limit, "b": limit}.get,
    )
    assert shared.reserve(Channel.SMS, "a", 9) == 1

    with pytest.raises(Closed):
        shared.reserve(Channel.SMS, "b", 1)
    assert shared.reserve(Channel.SMS, "c", 9) == 9


def what_is_settled_is_there_for_others(server: Redis) -> None:
    one, other = gate(server), gate(server)
    reserved = one.reserve(Channel.EMAIL, "", 1)
    one.return_unused(Channel.EMAIL, "", reserved=reserved, used=0)

    assert other.reserve(Channel.EMAIL, "", 1) == 1


def a_refusal_through_one_gate_closes_the_other(server: Redis) -> None:
    one, other = gate(server), gate(server)
    one.slow(Channel.VOICE, "", 30.0)

    with pytest.raises(Closed, match="time of a lease"):
        other.reserve(Channel.VOICE, "", 1)


def a_gate_that_is_stopped_permits_nothing(server: Redis) -> None:
    stopped = gate(server)
    stopped.stop()

    with pytest.raises(Stopping):
        stopped.reserve(Channel.VOICE, "", 1)


BEHAVIOURS: tuple[Behaviour, ...] = (
    a_full_bucket_gives_one_burst_and_then_nothing,
    a_bucket_fills_with_time_and_never_over_one_burst,
    nobody_is_given_more_than_asked_for,
    a_server_that_forgets_costs_one_burst,
    a_bucket_nobody_asks_is_forgotten,
    unused_permits_are_there_again_but_no_more_than_one_burst,
    what_was_used_beyond_is_owed,
    a_refusal_blocks_everybody_for_the_time_it_named,
    refusals_of_one_overload_are_one_strike_and_the_next_one_lasts_longer,
    after_two_quiet_minutes_a_refusal_is_the_first_again,
    after_a_refusal_it_fills_at_half_speed_and_recovers_in_half_a_minute,
    a_clock_that_is_put_right_stops_nobody,
    a_clock_that_is_put_back_neither_prolongs_nor_forgets_a_refusal,
    a_clock_that_is_put_back_does_not_keep_it_slow,
    nobody_blocks_for_longer_than_an_hour,
    calls_share_an_account_and_texts_a_sender,
    a_text_of_several_segments_waits_for_all_of_them,
    who_has_several_sources_waits_for_any_of_them,
    sources_of_one_registration_share_a_carriers_limit,
    who_can_not_be_served_in_time_does_not_wait,
    who_can_be_served_in_time_waits,
    without_a_limit_nobody_asks_the_server,
    what_is_settled_is_there_for_others,
    a_refusal_through_one_gate_closes_the_other,
    a_gate_that_is_stopped_permits_nothing,
)
