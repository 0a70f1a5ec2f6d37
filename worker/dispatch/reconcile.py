"""After a restore: ask the providers whom we contacted after the moment that the database holds.

A call or a text that they list and no attempt of ours bears makes an attempt of its person's open request: in
doubt, so that it is looked for, judged and told as any other. Nobody else is touched by it. Mail can't be
asked for: what was due is closed, until an operator decides about each by name.
"""

from dataclasses import dataclass
from datetime import datetime

from worker.dispatch.halt import halts_in_force
from worker.dispatch.provider_loop import ProviderLoop
from worker.domain.audit import Deed
from worker.domain.errors import Mistake
from worker.domain.evidence.lookups import Undecided
from worker.domain.evidence.sent import Sent
from worker.domain.recipients.identities import identity_of
from worker.domain.recipients.stored_spellings import spellings
from worker.domain.statuses import Channel
from worker.store import audit, reconciled
from worker.store.connect import Connection, Engine, in_transaction
from worker.store.reconciled import Opened


class NotHalted(Mistake):
    """Whatever began meanwhile could not be told from what the providers list."""

    def __init__(self) -> None:
        super().__init__("everything has to be halted first: outreach halt --all --reason ...")


class NotAnswered(Mistake):
    """A provider did not say all it knows: then nothing is opened or closed."""

    def __init__(self, channel: Channel, account: str, why: Undecided) -> None:
        super().__init__(
            f"the {channel.value} of account {account} can't be asked ({why.code}): nothing was changed,"
            " try again"
        )


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What was found; `mails` were due and can't be asked about."""

    found: int
    asked: int
    closed: int
    unnamed: int
    mails: int


def reconcile(
    engine: Engine, provider_loop: ProviderLoop, since: datetime, *, by: str
) -> Reconciled:
    """Ask every account for all it has sent since then, and open what our books lack.

    Raises:
        NotHalted: something could begin meanwhile.
        NotAnswered: a provider did not say all.
    """
    if not any(one.scope == "all" for one in halts_in_force(engine)):
        raise NotHalted
    sent = {}
    for channel, account in in_transaction(engine, reconciled.accounts_to_ask):
        answer = provider_loop.list_since(channel, account, since)
        if isinstance(answer, Undecided):
            raise NotAnswered(channel, account, answer)
        sent[channel, account] = answer
    return in_transaction(engine, _open, sent, since, by)


def _open(
    connection: Connection, sent: dict[tuple[Channel, str], list[Sent]], since: datetime, by: str
) -> Reconciled:
    found, opened = 0, []
    for (channel, account), listed in sent.items():
        unknown = reconciled.unknown_sids(connection, [one.sid for one in listed])
        missing = [(one, _identities(channel, one)) for one in listed if one.sid in unknown]
        found += len(missing)
        opened.append(reconciled.open_doubts(connection, channel, account, missing, since))
    mails = reconciled.close_mails(connection, since)
    done = _sum(found, opened, mails)
    counts = {"found": found, "asked": done.asked, "closed": done.closed, "mails": done.mails}
    audit.note(connection, Deed.RECONCILE, "database", by, detail=counts)
    return done


def _identities(channel: Channel, one: Sent) -> list[str]:
    """However the provider has stored the number."""
    return sorted({identity_of(channel, spelled) for spelled in spellings(one.to)})


def _sum(found: int, opened: list[Opened], mails: Opened) -> Reconciled:
    return Reconciled(
        found,
        asked=sum(one.asked for one in opened),
        closed=sum(one.closed for one in opened),
        unnamed=sum(one.unnamed for one in opened),
        mails=mails.closed,
    )
