"""An account whose answers fail is given nothing more, and comes back by steps."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from prometheus_client import generate_latest
from sqlalchemy import Engine, func, text, update

from tests.factories import lease, make_batch, make_campaign, make_limits, make_request
from tests.fakes.provider import FakeProvider, FakeProviders
from tests.integration.dispatch.conftest import Connect
from worker.desk.exposition import registry
from worker.desk.metrics import read_snapshot
from worker.dispatch.account_health import HealthRules, note_answers, raise_accounts
from worker.dispatch.deliver import deliver
from worker.dispatch.provider_loop import Answered, ProviderLoop
from worker.domain.audit import Deed
from worker.domain.content.tickets import Text, Ticket
from worker.domain.evidence.answers import Accepted, Answer, NotSent, Unknown
from worker.domain.schedule.account_health import Answers, Health, judge_fall
from worker.domain.statuses import Channel
from worker.store import account_health, audit, schema
from worker.store.audit import AuditQuery
from worker.store.connect import in_transaction

WINDOW = timedelta(minutes=1)
RULES = HealthRules(window=WINDOW, slow=60.0)
LIMITS = make_limits(health=RULES)


class Answering(FakeProvider):
    """Says whether it answers a probe."""

    alive = True

    async def probe(self) -> bool:
        """What the test set."""
        return self.alive


def requests_by(engine: Engine, n: int) -> list[int]:
    campaign = make_campaign(engine, channel=Channel.SMS, accounts=["main", "north"])
    batch = make_batch(engine, campaign=campaign)
    return [make_request(engine, batch=batch) for _ in range(n)]


def shares(engine: Engine) -> dict[str, int]:
    rows = in_transaction(engine, account_health.shares)
    return {row.account: row.health.share for row in rows}


def pass_time(engine: Engine, time: timedelta) -> None:
    since = schema.account_health.c.since
    with engine.begin() as connection:
        connection.execute(update(schema.account_health).values(since=since - time))
        connection.execute(text("UPDATE account_answers SET second = second - :t"), {"t": time})


@pytest.fixture
def line(connect: Connect) -> Callable[..., tuple[ProviderLoop, Answering, Answering]]:
    def build(*answers: Answer) -> tuple[ProviderLoop, Answering, Answering]:
        main, north = Answering(Channel.SMS, answers=answers), Answering(Channel.SMS)
        return connect(main, beside={"north": FakeProviders(north)}), main, north

    return build


def test_once_half_of_its_answers_failed_all_goes_by_the_next(
    engine: Engine, line: Callable[..., tuple[ProviderLoop, Answering, Answering]]
) -> None:
    loop, main, north = line(*[Unknown("http_503")] * 10)
    first, then = requests_by(engine, 10), requests_by(engine, 10)

    deliver(engine, loop, LIMITS, lease(engine, *first))
    assert (len(main.tickets), shares(engine)) == (10, {"main": 0})
    deliver(engine, loop, LIMITS, lease(engine, *then))

    assert (len(main.tickets), len(north.tickets)) == (10, 10)
    [entry] = in_transaction(engine, audit.newest, AuditQuery(deed=Deed.SWITCH), limit=9)
    assert (entry.subject, entry.by, entry.detail) == (
        "account main sms",
        "outreach",
        {"share_before": 100, "share": 0},
    )
    assert entry.why == "of 10 answers 10 failed and 0 took long"
    moment = read_snapshot(engine)
    shown = generate_latest(registry(moment)).decode()
    assert 'outreach_account_share{account="main",channel="sms"} 0.0' in shown
    assert 'account_switches_total{account="main",channel="sms",way="down"} 1.0' in shown


def test_it_comes_back_by_steps_and_only_while_it_answers(
    engine: Engine, line: Callable[..., tuple[ProviderLoop, Answering, Answering]]
) -> None:
    loop, main, north = line(*[NotSent("dns")] * 10)
    deliver(engine, loop, LIMITS, lease(engine, *requests_by(engine, 10)))
    raise_accounts(engine, loop, RULES)
    assert shares(engine) == {"main": 0}

    pass_time(engine, WINDOW)
    main.alive = False
    raise_accounts(engine, loop, RULES)
    assert shares(engine) == {"main": 0}

    main.alive, seen = True, []
    while shares(engine)["main"] < 100:
        raise_accounts(engine, loop, RULES)
        seen.append(shares(engine)["main"])
        pass_time(engine, WINDOW)

    assert seen == [10, 25, 50, 100]
    before = len(main.tickets)
    deliver(engine, loop, LIMITS, lease(engine, *requests_by(engine, 20)))
    assert (len(main.tickets) - before, len(north.tickets)) == (20, 0)


def test_a_share_takes_its_part_of_a_chunk(
    engine: Engine, line: Callable[..., tuple[ProviderLoop, Answering, Answering]]
) -> None:
    loop, main, north = line()
    _set(engine, share=50)

    deliver(engine, loop, LIMITS, lease(engine, *requests_by(engine, 60)))

    assert len(main.tickets) + len(north.tickets) == 60
    assert 20 <= len(main.tickets) <= 40


def test_bad_answers_on_the_way_back_send_it_home_and_older_ones_do_not(engine: Engine) -> None:
    with engine.begin() as connection:
        account_health.count(connection, "main", Channel.SMS, _failed(50))
    pass_time(engine, timedelta(seconds=2))
    _set(engine, share=10)

    note_answers(engine, "main", Channel.SMS, [_answered(NotSent("dns"))], RULES)
    assert shares(engine) == {"main": 10}
    pass_time(engine, timedelta(seconds=2))
    note_answers(engine, "main", Channel.SMS, [_answered(NotSent("dns"))] * 3, RULES)
    assert shares(engine) == {"main": 0}


def test_a_good_answer_that_takes_long_speaks_against_it_too(engine: Engine) -> None:
    rules = HealthRules(window=WINDOW, slow=1.0)

    note_answers(engine, "main", Channel.SMS, [_answered(Accepted("x"), 0.9)] * 20, rules)
    assert shares(engine) == {}
    note_answers(engine, "main", Channel.SMS, [_answered(Accepted("x"), 1.1)] * 20, rules)
    assert shares(engine) == {"main": 0}


def test_what_has_left_the_window_is_forgotten(
    engine: Engine, line: Callable[..., tuple[ProviderLoop, Answering, Answering]]
) -> None:
    note_answers(engine, "main", Channel.SMS, [_answered(NotSent("dns"))] * 5, RULES)
    pass_time(engine, 2 * WINDOW)

    note_answers(engine, "main", Channel.SMS, [_answered(NotSent("dns"))] * 5, RULES)
    assert shares(engine) == {}
    raise_accounts(engine, line()[0], RULES)

    with engine.begin() as connection:
        assert connection.scalar(text("SELECT count(*) FROM account_answers")) == 1


def test_two_workers_that_see_it_fall_switch_it_once(engine: Engine) -> None:
    well, fall = Health(), judge_fall(Health(), _failed(10))
    assert fall is not None

    switched = [
        in_transaction(engine, account_health.switch, "main", Channel.SMS, well, fall)
        for _ in range(2)
    ]

    assert switched == [True, False]
    assert len(in_transaction(engine, audit.newest, AuditQuery(deed=Deed.SWITCH), limit=9)) == 1


def test_a_campaign_of_one_account_counts_for_nobody(
    engine: Engine, line: Callable[..., tuple[ProviderLoop, Answering, Answering]]
) -> None:
    loop, *_ = line(*[NotSent("dns")] * 20)
    batch = make_batch(engine, campaign=make_campaign(engine, channel=Channel.SMS))
    requests = [make_request(engine, batch=batch) for _ in range(20)]

    deliver(engine, loop, LIMITS, lease(engine, *requests))

    assert shares(engine) == {}


def _failed(n: int) -> Answers:
    return Answers(n, n)


def _set(engine: Engine, share: int) -> None:
    row = {"account": "main", "channel": "sms", "share": share, "falls": 1, "why": "set"}
    with engine.begin() as connection:
        connection.execute(
            schema.account_health.insert().values(**row, since=func.clock_timestamp())
        )


def _answered(answer: Answer, seconds: float = 0.1) -> Answered:
    ticket = Ticket(1, 1, UUID(int=1), "+15125550142", "+15125550100", Text("hello"))
    return Answered(ticket, answer, seconds)
