"""Stop and resume sending: everywhere, on a channel, or for a campaign."""

from collections.abc import Sequence

import structlog

from worker.dispatch.source_rest import rest_source
from worker.domain.evidence.answers import HaltScope
from worker.domain.evidence.reports import BARRED, Report
from worker.domain.evidence.source_codes import SOURCE_CODES
from worker.domain.statuses import Channel
from worker.store import halts
from worker.store.connect import Engine, in_transaction
from worker.store.halts import HaltRow, Origin, Scope

__all__ = [
    "HaltRow",
    "Scope",
    "halt",
    "halt_barred",
    "halt_on_word",
    "halts_in_force",
    "key_of",
    "resume",
]

WHOM: dict[HaltScope, str] = {
    HaltScope.CAMPAIGN: "the campaign's sender",
    HaltScope.CHANNEL: "our account",
}

# A probe can see that the account answers, not that it may send: only somebody who acted lifts that one.
BY: dict[HaltScope, str] = {HaltScope.CAMPAIGN: halts.PROVIDER, HaltScope.CHANNEL: "report"}

log = structlog.get_logger()


def halt(engine: Engine, scope: Scope, key: str, reason: str, by: str) -> bool:
    """Once this returns nothing begins in the scope. Returns whether that is another halt than before."""
    fresh = in_transaction(engine, halts.halt, scope, key, reason, by)
    if fresh:
        log.warning("dispatch_halted", scope=scope, key=key)
    return fresh


def halt_on_word(
    engine: Engine, scope: HaltScope, key: str, why: str, *, by: str = halts.PROVIDER
) -> None:
    """Halt because of what the provider said; nobody asked for it, so it is told with its reason."""
    if in_transaction(engine, halts.halt, scope.value, key, why, by):
        log.critical("dispatch_halted", scope=scope.value, key=key, why=why)


def halt_without_account(engine: Engine, campaign: int, channel: Channel, account: str) -> None:
    """Halt a campaign whose account nobody here knows, or that carries another channel."""
    why = f"account: {account} of ACCOUNTS_FILE is none that carries {channel.value}"
    halt_on_word(engine, HaltScope.CAMPAIGN, str(campaign), why, by=halts.OURSELVES)


def halt_barred(engine: Engine, reports: Sequence[Report]) -> None:
    """Halt what the reports say can't send: the sender's campaign, or the account's channel.

    In a transaction of its own, before they are judged: what they make due again must not begin.
    A report that was heard before says nothing new: it halts nothing that was resumed since.
    """
    barred = [one for one in reports if one.meaning in BARRED and one.token]
    if not barred:
        return
    origins = in_transaction(engine, halts.origins_of, barred)
    told: dict[tuple[HaltScope, str], str | None] = {}
    for one in barred:
        if (origin := origins.get(one.key)) is None:
            continue
        if origin.pooled and is_of_source(BARRED[one.meaning], one.code):
            why = f"the provider reports that it refuses it ({one.code})"
            rest_source(engine, one.channel, origin.account, origin.source, why)
        else:
            told[_what(engine, one, origin)] = one.code
    for (scope, key), code in told.items():
        whom = WHOM[scope]
        why = f"the provider reports that it refuses {whom} ({code})"
        halt_on_word(engine, scope, key, why, by=BY[scope])


def is_of_source(scope: HaltScope, code: str | None) -> bool:
    """Return whether a code speaks of the source alone: in a pool the others go on."""
    return scope is HaltScope.CAMPAIGN and code in SOURCE_CODES


def halt_without_source(engine: Engine, campaign: int) -> None:
    """Halt a campaign of whose pool nothing takes anybody new."""
    why = "pool: none of its sources takes anybody new: each rests, or has the weight 0"
    halt_on_word(engine, HaltScope.CAMPAIGN, str(campaign), why, by=halts.OURSELVES)


def _what(engine: Engine, report: Report, origin: Origin) -> tuple[HaltScope, str]:
    scope = BARRED[report.meaning]
    return scope, key_of(engine, scope, origin.campaign, report.channel, origin.account)


def key_of(engine: Engine, scope: HaltScope, campaign: int, channel: Channel, account: str) -> str:
    """The key of what the provider refuses: the campaign by this account, or the account's channel."""
    if scope is HaltScope.CAMPAIGN:
        return in_transaction(engine, halts.campaign_key_of, campaign, account)
    return in_transaction(engine, halts.key_of, channel.value, account)


def resume(
    engine: Engine, scope: Scope, key: str, by: str = halts.OURSELVES, why: str | None = None
) -> bool:
    """Let it send again. Returns whether it was halted.

    Raises:
        DatabaseNotAccepted: nobody has said yet that the database is the right one.
    """
    lifted = in_transaction(engine, halts.resume, scope, key, by, why)
    if lifted:
        log.warning("dispatch_resumed", scope=scope, key=key)
    return lifted


def halts_in_force(engine: Engine) -> Sequence[HaltRow]:
    """Every halt in force."""
    return in_transaction(engine, halts.in_force)
