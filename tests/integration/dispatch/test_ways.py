"""A campaign that lists two accounts: what moves on to the second, and what never does."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine, func, select, update

from tests.factories import (
    lease,
    make_attempt,
    make_batch,
    make_campaign,
    make_limits,
    make_request,
    make_timeouts,
    queue_row,
    read_attempt,
    read_request,
)
from tests.fakes.provider import FakeProvider, FakeProviders
from tests.integration.dispatch.conftest import Connect
from worker.dispatch.deliver import Delivered, deliver
from worker.dispatch.provider_loop import ProviderLoop
from worker.dispatch.rescue import rescue
from worker.domain.evidence.answers import (
    Answer,
    Halt,
    HaltScope,
    NotSent,
    Refusal,
    Refused,
    Throttled,
    Unknown,
)
from worker.domain.evidence.lookups import Lookup, Matches
from worker.domain.evidence.reports import Meaning, Report
from worker.domain.schedule.hand_backs import HandBack
from worker.domain.statuses import AttemptState, Channel, ChannelStatus, RequestStatus
from worker.limits import Closed, OpenGate
from worker.store import halts, schema
from worker.store.connect import in_transaction

LIMITS = make_limits()
NOW = timedelta(0)
HOUR = timedelta(hours=1)
NORTH = "+15125550199"


def listed(engine: Engine, *accounts: str, **values: object) -> int:
    campaign = make_campaign(
        engine,
        channel=Channel.SMS,
        account=accounts[0],
        accounts=[*accounts],
        account_sources={"north": NORTH},
        **values,
    )
    return make_request(engine, batch=make_batch(engine, campaign=campaign))


def to(connect: Connect, main: FakeProvider, north: FakeProvider) -> ProviderLoop:
    return connect(main, beside={"north": FakeProviders(north)})


def answering(*answers: Answer, looks: tuple[Lookup, ...] = ()) -> FakeProvider:
    return FakeProvider(Channel.SMS, answers=answers, looks=looks)


def send(engine: Engine, line: ProviderLoop, request: int) -> Delivered:
    return deliver(engine, line, LIMITS, lease(engine, request))


@pytest.mark.parametrize(
    "answer",
    [
        NotSent("connect_timeout"),
        Throttled(0.0, "20429"),
        Halt(HaltScope.CHANNEL, "20005", "the account is suspended"),
        Halt(HaltScope.CAMPAIGN, "21606", "no source of this account"),
        Refused(Refusal.NOT_PERMITTED, "21408", by_account=True),
    ],
    ids=["no byte left", "throttled", "account halted", "sender halted", "not for this account"],
)
def test_proof_moves_a_request_on_at_once_and_from_the_others_source(
    engine: Engine, connect: Connect, answer: Answer
) -> None:
    main, north = answering(answer), answering()
    request, line = listed(engine, "main", "north"), to(connect, main, north)

    send(engine, line, request)
    waits = queue_row(engine, request)
    assert waits is not None
    send(engine, line, request)

    assert (len(main.tickets), len(north.tickets)) == (1, 1)
    assert north.tickets[0].source == NORTH
    assert read_attempt(engine, north.tickets[0].attempt)["source"] == NORTH
    assert read_request(engine, request)["attempt_count"] == 1
    if not isinstance(answer, Throttled):
        assert waits["due_at"] <= read_attempt(engine, north.tickets[0].attempt)["began_at"]


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (Unknown("http_503"), RequestStatus.INITIATED),
        (Refused(Refusal.OPTED_OUT, "21610"), RequestStatus.SKIPPED),
        (Refused(Refusal.INVALID_TARGET, "21211"), RequestStatus.INVALID),
        (Refused(Refusal.NOT_PERMITTED, "30004"), RequestStatus.FAILED),
        (Refused(Refusal.NOT_PERMITTED, "http_400", is_unknown=True), RequestStatus.FAILED),
    ],
    ids=["doubt", "opted out", "no number", "blocked", "unknown code"],
)
def test_doubt_and_what_is_said_of_the_person_stay(
    engine: Engine, connect: Connect, answer: Answer, status: RequestStatus
) -> None:
    main, north = answering(answer), answering()
    request = listed(engine, "main", "north")

    send(engine, to(connect, main, north), request)

    assert (read_request(engine, request)["request_status"], queue_row(engine, request)) == (
        status,
        None,
    )
    assert north.tickets == []


def test_an_opt_out_that_one_account_knows_is_heard_before_the_other_is_asked(
    engine: Engine, connect: Connect
) -> None:
    main, north = answering(Refused(Refusal.OPTED_OUT, "21610")), answering()
    request, line = listed(engine, "main", "north"), to(connect, main, north)
    send(engine, line, request)
    person: int = read_request(engine, request)["recipient"]
    campaign = make_campaign(engine, channel=Channel.SMS, account="north")
    again = make_request(engine, recipient=person, batch=make_batch(engine, campaign=campaign))

    send(engine, line, again)

    assert (read_request(engine, again)["request_status"], north.tickets) == ("SKIPPED", [])


def test_the_last_account_s_refusal_is_the_request_s(engine: Engine, connect: Connect) -> None:
    refused = Refused(Refusal.NOT_PERMITTED, "21408", by_account=True)
    request = listed(engine, "main", "north")
    line = to(connect, answering(refused), answering(refused))

    send(engine, line, request)
    send(engine, line, request)

    assert read_request(engine, request)["request_status"] == "FAILED"


def test_whom_both_refuse_the_connection_waits_ever_longer(
    engine: Engine, connect: Connect
) -> None:
    lost = [NotSent("dns")] * 4
    request = listed(engine, "main", "north")
    line = to(connect, answering(*lost), answering(*lost))

    waits = []
    for _ in range(4):
        send(engine, line, request)
        waits.append(_due_in(engine, request))

    pause = LIMITS.timeouts.refused_pause.total_seconds()
    assert waits[0] <= 0 < pause < waits[1] < waits[2] < waits[3]


class _NoPermitsForMain(OpenGate):
    """Lets everybody pass but the main account."""

    def reserve(self, channel: Channel, source: str, wanted: int, account: str = "main") -> int:
        """See `Gate`."""
        if account == "main":
            raise Closed("no permit within the time of a lease")
        return super().reserve(channel, source, wanted, account)


def test_what_gets_no_permit_in_time_goes_on_at_once(engine: Engine, connect: Connect) -> None:
    main, north = answering(), answering()
    request, line = listed(engine, "main", "north"), to(connect, main, north)

    done = deliver(engine, line, LIMITS, lease(engine, request), _NoPermitsForMain())

    assert (len(main.tickets), len(north.tickets), done.handed_back) == (0, 1, {})


def test_what_gets_no_permit_anywhere_is_left_to_its_lease(
    engine: Engine, connect: Connect
) -> None:
    request = listed(engine, "main")

    done = deliver(
        engine,
        to(connect, answering(), answering()),
        LIMITS,
        lease(engine, request),
        _NoPermitsForMain(),
    )

    assert done.handed_back == {HandBack.NO_PERMIT: 1}
    assert queue_row(engine, request)["lease_token"] is not None  # type: ignore[index]  # it is there


@pytest.mark.parametrize("state", [AttemptState.UNRESOLVED, AttemptState.NOT_SENT])
def test_who_is_bound_to_a_halted_account_waits_for_it(
    engine: Engine, connect: Connect, state: AttemptState
) -> None:
    main, north = answering(), answering()
    request, line = listed(engine, "main", "north"), to(connect, main, north)
    _doubt(engine, request, state)
    in_transaction(engine, halts.halt, "channel", "sms@main", "suspended", halts.PROVIDER)

    done = send(engine, line, request)

    assert (done.handed_back, main.tickets, north.tickets) == ({HandBack.HALTED: 1}, [], [])
    assert _due_in(engine, request) > 0
    in_transaction(engine, halts.resume, "channel", "sms@main")
    send(engine, line, request)
    assert (len(main.tickets), north.tickets) == (1, [])


def test_who_is_bound_to_an_account_that_is_listed_no_more_is_closed(
    engine: Engine, connect: Connect
) -> None:
    main, north = answering(), answering()
    request = listed(engine, "north")
    _doubt(engine, request, AttemptState.UNRESOLVED)

    done = send(engine, to(connect, main, north), request)

    closed = read_request(engine, request)
    assert (done.handed_back, main.tickets, north.tickets) == ({HandBack.OTHER_ACCOUNT: 1}, [], [])
    assert (closed["request_status"], closed["error_code"]) == ("FAILED", "other_account")


def test_an_account_that_nobody_here_knows_is_passed_over(engine: Engine, connect: Connect) -> None:
    main = answering()
    request = listed(engine, "north", "main")

    send(engine, connect(main), request)

    assert len(main.tickets) == 1


NOTHING = Matches(())


@pytest.mark.parametrize(
    ("age", "lists_newer", "became"),
    [
        (NOW, True, ("IN_DOUBT", "INITIATED")),
        (HOUR, True, ("NOT_SENT", "PENDING")),
        (HOUR, False, ("UNRESOLVED", "FAILED")),
        (HOUR, None, ("UNRESOLVED", "FAILED")),
    ],
    ids=["too early", "lists what came later", "hides what came later", "nothing came later"],
)
def test_absence_moves_on_only_after_the_doubt_s_time_where_the_account_lists_newer_ones(
    engine: Engine,
    connect: Connect,
    age: timedelta,
    lists_newer: bool | None,
    became: tuple[str, str],
) -> None:
    timeouts = make_timeouts()
    request = listed(engine, "main", "north")
    doubted = make_attempt(
        engine,
        request=request,
        state=AttemptState.IN_DOUBT,
        check_in=NOW,
        began_ago=age + timeouts.lookup_interval * 2,
        checks=timeouts.empty_lookups,
    )
    witness = Matches((_report("sid-newer"),)) if lists_newer else NOTHING
    if lists_newer is not None:
        _accepted_later(engine, timeouts.lookup_interval)
    main, north = answering(looks=(NOTHING, witness)), answering()
    line = to(connect, main, north)

    rescue(engine, line, timeouts)

    state = read_attempt(engine, doubted)["state"]
    assert (state, read_request(engine, request)["request_status"]) == became
    if state == "NOT_SENT":
        send(engine, line, request)
    assert (main.tickets, len(north.tickets)) == ([], int(state == "NOT_SENT"))


def _accepted_later(engine: Engine, ago: timedelta) -> None:
    other = make_request(
        engine, batch=make_batch(engine, campaign=make_campaign(engine, channel=Channel.SMS))
    )
    make_attempt(
        engine,
        request=other,
        state=AttemptState.DONE,
        sid="sid-newer",
        began_ago=ago + timedelta(seconds=1),
    )


def _report(sid: str) -> Report:
    return Report(
        channel=Channel.SMS,
        key=sid,
        token=None,
        sid=sid,
        name="delivered",
        rank=4,
        sequence=0,
        meaning=Meaning.REACHED,
        channel_status=ChannelStatus.DELIVERED,
    )


def _doubt(engine: Engine, request: int, state: AttemptState) -> None:
    code = "absent" if state is AttemptState.NOT_SENT else "in_doubt"
    make_attempt(
        engine, request=request, state=state, error_code=code, status=RequestStatus.PENDING
    )


def _due_in(engine: Engine, request: int) -> float:
    late = schema.queue.c.due_at - func.clock_timestamp()
    with engine.begin() as connection:
        found = connection.scalar(select(late).where(schema.queue.c.request == request))
        connection.execute(
            update(schema.queue)
            .where(schema.queue.c.request == request)
            .values(lease_token=None, lease_until=None)
        )
    assert found is not None
    return float(found.total_seconds())
