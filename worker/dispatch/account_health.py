"""Take an account's traffic away when its answers fail, and bring it back by steps once it answers again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog

from worker.dispatch.provider_loop import Answered, ProviderLoop
from worker.domain.schedule.account_choice import ALL
from worker.domain.schedule.account_health import (
    Answers,
    Switch,
    is_failure,
    judge_fall,
    judge_rise,
)
from worker.domain.statuses import Channel
from worker.store import account_health
from worker.store.connect import Connection, Engine, StoreUnavailable, in_transaction

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class HealthRules:
    """The length of a window, and the time from which an answer took long."""

    window: timedelta = timedelta(seconds=60)
    """Longer than an answer may take: what was asked before a switch has been answered before the next."""
    slow: float = 17.5
    """Seconds."""


USUAL = HealthRules()


def health_rules(window: float, slow: float) -> HealthRules:
    """The rules of a deployment, whose durations are seconds."""
    return HealthRules(timedelta(seconds=window), slow)


def note_answers(
    engine: Engine,
    account: str,
    channel: Channel,
    answered: Sequence[Answered],
    rules: HealthRules = USUAL,
) -> None:
    """Count answers for or against the account, and judge it by all of the window.

    A store that takes nothing loses this: the answers themselves wait for it.
    """
    told = _tell(answered, rules)
    try:
        fallen = in_transaction(engine, _count, account, channel, told, rules)
    except StoreUnavailable as error:
        log.warning("health_lost", account=account, error=type(error).__name__)
        return
    if fallen is not None:
        _tell_of(account, channel, fallen)


def _tell(answered: Sequence[Answered], rules: HealthRules) -> Answers:
    failed = sum(is_failure(one.answer) for one in answered)
    slow = sum(not is_failure(one.answer) and (one.seconds or 0.0) > rules.slow for one in answered)
    return Answers(len(answered), failed, slow)


def _count(
    connection: Connection, account: str, channel: Channel, told: Answers, rules: HealthRules
) -> Switch | None:
    account_health.count(connection, account, channel, told)
    if not told.bad:
        return None
    health, answers = account_health.read(connection, account, channel, rules.window)
    fall = judge_fall(health, answers)
    if fall is None or not account_health.switch(connection, account, channel, health, fall):
        return None
    return fall


def raise_accounts(engine: Engine, provider_loop: ProviderLoop, rules: HealthRules = USUAL) -> None:
    """Give those a step more that have rested for long enough and answer a question that contacts nobody."""
    in_transaction(engine, account_health.forget, rules.window)
    for one in in_transaction(engine, account_health.shares):
        rise = judge_rise(one.health, step=rules.window)
        if rise is None or not provider_loop.answers(one.channel, one.account):
            continue
        switched = in_transaction(
            engine, account_health.switch, one.account, one.channel, one.health, rise
        )
        if switched:
            _tell_of(one.account, one.channel, rise)


def _tell_of(account: str, channel: Channel, switch: Switch) -> None:
    tell = log.info if switch.share == ALL else log.warning
    tell(
        "account_switched",
        account=account,
        channel=channel.value,
        share=switch.share,
        why=switch.why,
    )
