"""Several accounts of one campaign: which may begin, and what is halted with which."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine

from tests.factories import (
    database_time,
    lease,
    make_attempt,
    make_batch,
    make_campaign,
    make_request,
    queue_row,
    read_attempt,
    read_request,
)
from worker.desk.outside_checks import examine_named_accounts
from worker.domain.schedule.hand_backs import HandBack
from worker.domain.statuses import AttemptState, Channel, RequestStatus
from worker.store import attempts, due_batches, glance, halts, metrics, senders
from worker.store.connect import in_transaction

MINUTE = timedelta(minutes=1)
NORTH = "+15125550199"


def listing(engine: Engine, *accounts: str, **values: object) -> int:
    return make_campaign(
        engine, channel=Channel.SMS, account=accounts[0], accounts=[*accounts], **values
    )


def request_of(engine: Engine, campaign: int) -> int:
    return make_request(engine, batch=make_batch(engine, campaign=campaign))


def begin(
    engine: Engine, request: int, account: str
) -> tuple[list[attempts.Begun], dict[int, HandBack]]:
    return in_transaction(
        engine,
        attempts.begin,
        lease(engine, request),
        [request],
        send_window=MINUTE,
        answer_time=MINUTE,
        way=attempts.Way(account),
    )


def halt(engine: Engine, scope: halts.Scope, key: str) -> None:
    in_transaction(engine, halts.halt, scope, key, "refused", halts.PROVIDER)


@pytest.mark.parametrize(("account", "source"), [("main", "+15125550100"), ("north", NORTH)])
def test_any_account_of_the_list_begins_from_its_own_source(
    engine: Engine, account: str, source: str
) -> None:
    request = request_of(engine, listing(engine, "main", "north", account_sources={"north": NORTH}))

    begun, _ = begin(engine, request, account)

    written = read_attempt(engine, begun[0].attempt)
    assert (written["account"], written["source"]) == (account, source)


def test_one_that_is_not_listed_begins_nothing(engine: Engine) -> None:
    request = request_of(engine, listing(engine, "main", "north"))

    assert begin(engine, request, "south") == ([], {request: HandBack.OTHER_ACCOUNT})


@pytest.mark.parametrize(
    ("state", "code", "begins"),
    [
        (AttemptState.UNRESOLVED, "in_doubt", False),
        (AttemptState.NOT_SENT, "absent", False),
        (AttemptState.NOT_SENT, "connect_timeout", True),
        (AttemptState.NOT_SENT, "never_listed", True),
    ],
)
def test_who_may_have_been_contacted_by_one_begins_by_no_other(
    engine: Engine, state: AttemptState, code: str, begins: bool
) -> None:
    request = request_of(engine, listing(engine, "main", "north"))
    make_attempt(
        engine, request=request, state=state, error_code=code, status=RequestStatus.PENDING
    )

    begun, handed_back = begin(engine, request, "north")

    assert (len(begun), handed_back.get(request)) == (
        (1, None) if begins else (0, HandBack.OTHER_ACCOUNT)
    )
    if not begins:
        assert queue_row(engine, request)["lease_token"] is None  # type: ignore[index]  # it is there
        assert len(begin(engine, request, "main")[0]) == 1


def test_who_is_in_doubt_at_one_account_has_no_attempt_by_another(engine: Engine) -> None:
    campaign = listing(engine, "main", "north")
    doubted = request_of(engine, campaign)
    make_attempt(engine, request=doubted, state=AttemptState.IN_DOUBT)
    person: int = read_request(engine, doubted)["recipient"]
    again = make_request(engine, recipient=person, batch=make_batch(engine, campaign=campaign))

    assert begin(engine, again, "north") == ([], {again: HandBack.RECIPIENT_BUSY})


def test_a_halt_of_one_account_leaves_the_others(engine: Engine) -> None:
    campaign = listing(engine, "main", "north")
    of_one: list[tuple[halts.Scope, str]] = [
        ("channel", "sms@main"),
        ("campaign", f"{campaign}@main"),
    ]
    for scope, key in of_one:
        halt(engine, scope, key)
        request, other = request_of(engine, campaign), request_of(engine, campaign)

        assert begin(engine, request, "main")[1] == {request: HandBack.HALTED}
        assert len(begin(engine, other, "north")[0]) == 1
        assert in_transaction(engine, halts.over, "sms", campaign) == []
        in_transaction(engine, halts.resume, scope, key)


def test_a_campaign_rests_once_all_its_accounts_are_halted(engine: Engine) -> None:
    campaign = listing(engine, "main", "north")
    request_of(engine, campaign)
    now = database_time(engine)

    def due() -> int:
        found = in_transaction(engine, due_batches.due, Channel.SMS, now, limit=9)
        return sum(one.pacing.campaign == campaign for one in found)

    halt(engine, "channel", "sms@main")
    assert due() == 1
    halt(engine, "campaign", f"{campaign}@north")
    assert due() == 0
    assert in_transaction(engine, metrics.read_turns)[Channel.SMS] == 0.0
    assert in_transaction(engine, glance.forgotten_since) is None
    over = in_transaction(engine, halts.over, "sms", campaign)
    assert [row.key for row in over] == ["sms@main", f"{campaign}@north"]


def test_what_one_account_refuses_a_campaign_is_no_word_of_the_others(engine: Engine) -> None:
    alone, listed = make_campaign(engine), listing(engine, "main", "north")

    assert in_transaction(engine, halts.campaign_key_of, alone, "main") == str(alone)
    assert in_transaction(engine, halts.campaign_key_of, listed, "main") == f"{listed}@main"
    assert in_transaction(engine, halts.key_of, "sms", "main") == "sms@main"


def test_every_account_and_sender_of_a_list_is_looked_after(engine: Engine) -> None:
    listing(engine, "main", "north", account_sources={"north": NORTH})

    assert in_transaction(engine, senders.accounts_named) == [
        ("main", Channel.SMS),
        ("north", Channel.SMS),
    ]
    spoken = in_transaction(engine, senders.read, [Channel.SMS], 9, "north")
    assert spoken == [(Channel.SMS, NORTH)]
    assert [one.what for one in examine_named_accounts(engine, {})] == ["account north"]
