"""End calls: take back one that was accepted and not dialed yet, hang up on a machine."""

from dataclasses import replace

import structlog

from worker.dispatch.provider_loop import ProviderLoop
from worker.domain.evidence import Timeouts, judge_report
from worker.domain.statuses import Cause
from worker.providers.voice import report_canceled
from worker.store import attempts, doubts
from worker.store.connect import Connection, Engine, in_transaction

log = structlog.get_logger()


def cancel_double_calls(engine: Engine, provider_loop: ProviderLoop, timeouts: Timeouts) -> int:
    """Cancel newer calls to people whom, as late evidence says, an older attempt has reached.

    Their requests end CANCELED rather than PENDING: somebody has been contacted already.

    Returns:
        how many calls were taken back; one that is ringing by now stays.
    """
    doubles = in_transaction(engine, doubts.find_doubled_calls)
    for attempt, _ in doubles:
        log.error("double_contact_risk", attempt=attempt)
    return sum(cancel_call(engine, provider_loop, timeouts, *call, again=False) for call in doubles)


def cancel_call(
    engine: Engine,
    provider_loop: ProviderLoop,
    timeouts: Timeouts,
    attempt: int,
    sid: str,
    *,
    again: bool,
) -> bool:
    """Cancel one call at the provider, and note it: Twilio posts no callback for a queued call.

    Args:
        engine: the store.
        provider_loop: the way to the provider.
        timeouts: for judging what follows.
        attempt: the attempt that placed the call.
        sid: the call.
        again: whether its request may be attempted again while its batch lives.
    """
    account = in_transaction(engine, doubts.account_of, attempt)
    if not provider_loop.cancel_call(sid, account):
        return False

    def note(connection: Connection) -> None:
        facts = attempts.lock(connection, [attempt])[attempt]
        facts = replace(facts, batch_lives=facts.batch_lives and again)
        change = judge_report(facts, report_canceled(sid), timeouts, Cause.OPERATOR)
        attempts.write(connection, [change] if change else [])

    in_transaction(engine, note)
    return True


def hang_up(engine: Engine, provider_loop: ProviderLoop, sid: str) -> None:
    """End a call that a machine has answered, so that it records nothing; once that is durable.

    What the call comes to is judged by who answered it, whether or not this works.
    """
    try:
        account = in_transaction(engine, doubts.account_of_sid, sid)
        if not provider_loop.hang_up(sid, account):
            log.warning("hang_up_failed", sid=sid)
    except Exception as error:  # noqa: BLE001  nothing depends on it
        log.error("hang_up_failed", sid=sid, error=type(error).__name__)
