"""Halts in the name of a caller, who may see one campaign alone."""

from collections.abc import Sequence

from worker.desk.campaigns import get_campaign
from worker.desk.visibility import UnknownHere
from worker.domain.accounts import campaign_of, source_key, split_key, split_source_key
from worker.domain.audit import AuditEntry
from worker.domain.callers import Caller
from worker.domain.errors import WrongFields
from worker.domain.statuses import Channel
from worker.store import audit, halts
from worker.store.connect import Connection, Engine, in_transaction
from worker.store.halts import HaltRow, Scope

UNSAID = "halted by hand"


def halts_seen(engine: Engine, caller: Caller) -> Sequence[HaltRow]:
    """Every halt in force that the caller sees, the oldest first."""
    in_force = in_transaction(engine, halts.in_force)
    if caller.campaign is None:
        return in_force
    return [one for one in in_force if (one.scope, campaign_of(one.key)) == _of(caller.campaign)]


def halts_before(engine: Engine, caller: Caller, *, limit: int) -> list[AuditEntry]:
    """Every halt and resume of all, of a channel or a campaign that the caller sees, the latest first."""
    of = caller.campaign
    subject = None if of is None else f"campaign {of}"
    return in_transaction(engine, audit.halts, subject=subject, limit=limit)


def halt_by(engine: Engine, caller: Caller, scope: Scope, key: str, reason: str | None) -> bool:
    """Once this returns nothing begins in the scope. Returns whether that is another halt than before.

    Raises:
        WrongFields, UnknownCampaign: there is no such scope.
        UnknownHere: the caller sees another campaign alone.
    """

    def step(connection: Connection) -> bool:
        named = _scope(connection, caller, scope, key)
        return halts.halt(connection, scope, named, reason or UNSAID, caller.owner)

    return in_transaction(engine, step)


def resume_by(engine: Engine, caller: Caller, scope: Scope, key: str, reason: str | None) -> bool:
    """Let it send again. Returns whether it was halted.

    Raises:
        WrongFields, UnknownCampaign: there is no such scope.
        UnknownHere: the caller sees another campaign alone.
        DatabaseNotAccepted: nobody has said yet that the database is the right one.
    """

    def step(connection: Connection) -> bool:
        named = _scope(connection, caller, scope, key)
        return halts.resume(connection, scope, named, caller.owner, reason)

    return in_transaction(engine, step)


def _of(campaign: int) -> tuple[Scope, str]:
    return "campaign", str(campaign)


def _scope(connection: Connection, caller: Caller, scope: Scope, key: str) -> str:
    named = _named(connection, scope, key)
    if caller.campaign is not None and (scope, campaign_of(named)) != _of(caller.campaign):
        raise UnknownHere
    return named


def _named(connection: Connection, scope: Scope, key: str) -> str:
    if scope == "campaign":
        return _campaign_key(connection, key)
    if scope == "channel" and split_key(key)[0] not in set(Channel):
        raise WrongFields([f"key: must be one of {', '.join(Channel)}"])
    if scope == "source":
        channel, account, source = split_source_key(key)
        if channel not in set(Channel) or not source:
            raise WrongFields(["key: must be like sms@main:+15125550100"])
        return source_key(channel, account, source)
    if scope == "all" and key:
        raise WrongFields(["key: must be left out where everything is meant"])
    return key


def _campaign_key(connection: Connection, key: str) -> str:
    """The campaign's id, by one account as its halts are told: the id, `@` and the account."""
    number, at, account = key.partition("@")
    if at and number.isdigit():
        return f"{get_campaign(connection, int(number)).id}@{account}"
    return str(get_campaign(connection, key).id)
