"""What absence, doubt and silence change."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.factories import DAY, HOUR, MINUTE, SECOND, make_timeouts
from tests.unit.domain.verdicts.folding import (
    COMPLETED,
    PATIENCE,
    after,
    facts,
    moved,
    reported,
)
from worker.domain.evidence import give_up, judge_absence, judge_silence, judge_undecided
from worker.domain.evidence.attempts import Facts
from worker.domain.statuses import AttemptState, Cause, Channel, ChannelStatus, RequestStatus

DOUBT = facts(state=AttemptState.IN_DOUBT, age=2 * MINUTE)


def test_as_many_empty_looks_as_patience_asks_for_are_proof() -> None:
    changes = [judge_absence(DOUBT, PATIENCE)]
    while (known := after(DOUBT, changes[-1])).state is AttemptState.IN_DOUBT:
        changes.append(judge_absence(known, PATIENCE))

    change = changes[-1]
    assert len(changes) == PATIENCE.empty_lookups
    assert moved(change) == (AttemptState.NOT_SENT, RequestStatus.PENDING, ChannelStatus.PENDING)
    assert change is not None
    assert change.move is not None
    assert change.move.cause is Cause.RECONCILE


def test_an_undecided_look_proves_nothing() -> None:
    known = replace(DOUBT, checks=2)

    change = judge_undecided(known, PATIENCE)

    assert (change.state, change.checks, change.move) == (AttemptState.IN_DOUBT, 2, None)
    assert change.check_in == PATIENCE.lookup_interval


@pytest.mark.parametrize("state", sorted(set(AttemptState) - {AttemptState.IN_DOUBT}))
def test_only_a_doubt_can_be_proven_absent(state: AttemptState) -> None:
    assert judge_absence(facts(state=state, sid="CA1", checks=9), PATIENCE) is None


@pytest.mark.parametrize("channel", Channel)
def test_a_doubt_is_closed_by_policy_when_patience_runs_out(channel: Channel) -> None:
    known = replace(DOUBT, channel=channel, age=PATIENCE.give_up[channel])

    change = judge_undecided(known, PATIENCE)

    assert moved(change) == (
        AttemptState.UNRESOLVED,
        RequestStatus.FAILED,
        ChannelStatus.DELIVERY_UNKNOWN,
    )
    assert change.counted == 0
    assert change.move is not None
    assert (change.move.error_code, change.move.due_in) == ("in_doubt", None)


@pytest.mark.parametrize("channel", Channel)
def test_a_doubt_is_open_until_then(channel: Channel) -> None:
    known = replace(DOUBT, channel=channel, age=PATIENCE.give_up[channel] - SECOND)

    assert judge_undecided(known, PATIENCE).state is AttemptState.IN_DOUBT


@pytest.mark.parametrize("channel", [Channel.VOICE, Channel.SMS])
def test_nobody_is_called_or_texted_again_on_doubt(channel: Channel) -> None:
    known = replace(DOUBT, channel=channel, resend_in_doubt=True, attempts_allowed=9)

    assert moved(give_up(known, Cause.INFERENCE))[1] is RequestStatus.FAILED


def test_a_mail_is_sent_again_on_doubt_where_its_campaign_chose_so() -> None:
    known = replace(DOUBT, channel=Channel.EMAIL, resend_in_doubt=True)

    change = give_up(known, Cause.INFERENCE)

    assert moved(change)[:2] == (AttemptState.UNRESOLVED, RequestStatus.PENDING)


def test_a_mail_in_doubt_is_not_sent_again_for_a_batch_that_is_over() -> None:
    known = replace(DOUBT, channel=Channel.EMAIL, resend_in_doubt=True, batch_lives=False)

    assert moved(give_up(known, Cause.INFERENCE))[1] is RequestStatus.FAILED


def test_a_mail_is_not_sent_again_and_again_on_doubt() -> None:
    known = replace(DOUBT, channel=Channel.EMAIL, resend_in_doubt=True, attempts_allowed=3)

    resent = 0
    while moved(change := give_up(known, Cause.INFERENCE))[1] is RequestStatus.PENDING:
        resent += 1
        assert resent < 20
        begun_again = after(known, change)
        known = replace(
            begun_again,
            state=AttemptState.IN_DOUBT,
            request_status=RequestStatus.INITIATED,
            attempt_count=begun_again.attempt_count + 1,
        )


def accepted_facts(
    channel: Channel, age: timedelta, told: ChannelStatus = ChannelStatus.SENT
) -> Facts:
    return facts(
        channel=channel, state=AttemptState.ACCEPTED, sid="CA1", age=age, channel_status=told
    )


@pytest.mark.parametrize(
    ("channel", "last", "status", "outcome"),
    [
        (Channel.VOICE, ChannelStatus.QUEUED, RequestStatus.FAILED, ChannelStatus.NO_OUTCOME),
        (Channel.SMS, ChannelStatus.SENT, RequestStatus.COMPLETED, ChannelStatus.SENT),
        (Channel.EMAIL, ChannelStatus.PROCESSED, RequestStatus.COMPLETED, ChannelStatus.NO_OUTCOME),
        (Channel.EMAIL, ChannelStatus.DEFERRED, RequestStatus.FAILED, ChannelStatus.DEFERRED),
    ],
)
def test_silence_is_judged_by_channel(
    channel: Channel, last: ChannelStatus, status: RequestStatus, outcome: ChannelStatus
) -> None:
    known = accepted_facts(channel, 4 * DAY, last)

    change = judge_undecided(known, PATIENCE)

    assert moved(change) == (AttemptState.DONE, status, outcome)
    assert change.move is not None
    assert change.move.cause is Cause.INFERENCE


@pytest.mark.parametrize("channel", Channel)
def test_nothing_is_inferred_before_the_silence_has_lasted(channel: Channel) -> None:
    known = accepted_facts(channel, PATIENCE.silence[channel] - SECOND)

    assert judge_undecided(known, PATIENCE).state is AttemptState.ACCEPTED


def test_an_inference_is_revised_by_what_comes_later() -> None:
    known = accepted_facts(Channel.VOICE, 2 * DAY)
    known = after(known, judge_undecided(known, PATIENCE))
    assert known.request_status is RequestStatus.FAILED

    assert moved(reported(known, COMPLETED))[1] is RequestStatus.COMPLETED


@pytest.mark.parametrize("channel", Channel)
def test_a_provider_that_can_not_answer_is_asked_for_longer_than_one_that_has_nothing_new(
    channel: Channel,
) -> None:
    timeouts = make_timeouts(
        silence=dict.fromkeys(Channel, HOUR), unanswered=dict.fromkeys(Channel, DAY)
    )
    known = accepted_facts(channel, 2 * HOUR)

    assert judge_silence(known, timeouts).state is AttemptState.DONE
    assert judge_undecided(known, timeouts).state is AttemptState.ACCEPTED
    assert judge_undecided(replace(known, age=DAY), timeouts).state is AttemptState.DONE
