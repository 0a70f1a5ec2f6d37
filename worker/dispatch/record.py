"""Record what the provider answered."""

from collections.abc import Sequence

import structlog

from worker.dispatch.data_loss import bury_answer, prove_data_loss
from worker.dispatch.destinations import tell_country
from worker.dispatch.double_contact import warn_of_double_contact, warn_of_late_evidence
from worker.dispatch.halt import halt_on_word, is_of_source, key_of
from worker.dispatch.provider_loop import Answered
from worker.dispatch.source_rest import rest_source
from worker.dispatch.unknown_codes import note_answers
from worker.domain.accounts import MAIN
from worker.domain.evidence import Timeouts, judge_answer
from worker.domain.evidence.answers import Accepted, Halt, Refusal, Refused
from worker.domain.evidence.attempts import Facts
from worker.domain.statuses import Channel
from worker.store import attempts
from worker.store.connect import Connection, Engine, StoreUnavailable, in_transaction

log = structlog.get_logger()

UNRECORDABLE = "it can't be recorded: what it makes of its attempt or its request can't be"


def record(
    engine: Engine,
    timeouts: Timeouts,
    campaign: int,
    channel: Channel,
    answered: Sequence[Answered],
    batch: int | None = None,
    account: str = MAIN,
    pooled: bool = False,
) -> None:
    """Turn answers into states. May be repeated.

    1. Halt what can't send, so that nothing more begins there; of a pool only the source rests.
    2. Read the attempts under their locks: a callback may have been first.
    3. Judge each answer against the facts, and write what it changes.
    4. An answer whose attempt the database does not know proves that it forgot: halt everything.

    One that can't be recorded costs the others nothing: it is kept as a dead letter, and the rescuer asks
    about its attempt.

    Raises:
        StoreUnavailable: not all of them are recorded.
    """
    of_all = _rest(engine, channel, account, answered) if pooled else answered
    _halt(engine, campaign, channel, account, of_all)
    told = [(one.ticket.token, one.answer) for one in answered]
    note_answers(engine, campaign, timeouts.unknown_run, told)
    for one in answered:
        if isinstance(one.answer, Refused):
            tell_country(channel, one.ticket.address, one.answer.code)
    try:
        unknown = in_transaction(engine, _write, timeouts, answered)
    except StoreUnavailable:
        raise
    except Exception as error:  # noqa: BLE001  it is found by trying one by one
        if len(answered) == 1:
            attempt = answered[0].ticket.attempt
            log.error("answer_unrecordable", attempt=attempt, error=type(error).__name__)
            in_transaction(engine, bury_answer, answered[0], UNRECORDABLE)
            return
        for one in answered:
            record(engine, timeouts, campaign, channel, [one], batch, account, pooled)
        return
    if unknown:
        prove_data_loss(engine, batch, unknown)


def _write(
    connection: Connection, timeouts: Timeouts, answered: Sequence[Answered]
) -> list[Answered]:
    """Returns the answers to attempts that are not there."""
    suppresses = any(
        isinstance(one.answer, Refused) and one.answer.kind is Refusal.OPTED_OUT for one in answered
    )
    facts = attempts.lock(
        connection, [one.ticket.attempt for one in answered], with_recipients=suppresses
    )
    known: list[Answered] = []
    unknown: list[Answered] = []
    for one in answered:
        (known if _is_of(one, facts.get(one.ticket.attempt)) else unknown).append(one)
    for one in known:
        if isinstance(one.answer, Accepted):
            warn_of_double_contact(facts[one.ticket.attempt], one.answer.sid)
    changes = [judge_answer(facts[one.ticket.attempt], one.answer, timeouts) for one in known]
    found = [change for change in changes if change]
    attempts.write(connection, found)
    for change in found:
        warn_of_late_evidence(change)
    return unknown


def _is_of(one: Answered, facts: Facts | None) -> bool:
    return facts is not None and facts.token == one.ticket.token


def _rest(
    engine: Engine, channel: Channel, account: str, answered: Sequence[Answered]
) -> list[Answered]:
    """Rest the sources of a pool that can't send. Returns the other answers."""
    refused: dict[str, str] = {}
    others: list[Answered] = []
    for one in answered:
        if isinstance(one.answer, Halt) and is_of_source(one.answer.scope, one.answer.code):
            refused[one.ticket.source] = one.answer.why
        else:
            others.append(one)
    for source, why in refused.items():
        rest_source(engine, channel, account, source, why)
    return others


def _halt(
    engine: Engine, campaign: int, channel: Channel, account: str, answered: Sequence[Answered]
) -> None:
    reasons = {
        (answer.scope, answer.why)
        for answer in (one.answer for one in answered)
        if isinstance(answer, Halt)
    }
    for scope, why in reasons:
        halt_on_word(engine, scope, key_of(engine, scope, campaign, channel, account), why)
