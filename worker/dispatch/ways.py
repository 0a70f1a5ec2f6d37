"""Deliver a chunk by the accounts of its campaign: each request by the one that it goes by now."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from worker.dispatch.delivery import Delivery
from worker.dispatch.halt import halt_without_account
from worker.domain.schedule.account_choice import EarlierAttempt, ListedAccount, choose_account
from worker.domain.schedule.hand_backs import HandBack
from worker.domain.statuses import AttemptState
from worker.store import queue
from worker.store.connect import in_transaction

NO_PERMIT = "no_permit"
"""As what a request counts that got no permit within a lease: throttled for longer than it may wait."""
STRANDED = "the campaign lists no more the account that may have sent it"


def deliver_by_account(delivery: Delivery) -> None:
    """All but taking up and leaving; what one account gives no permit in time goes on to the next."""
    of, channel = delivery.assignment, delivery.chunk.channel
    usable = [
        way.account for way in of.ways if delivery.provider_loop.carries(channel, way.account)
    ]
    if not usable:
        halt_without_account(delivery.engine, of.campaign, channel, of.account)
        in_transaction(delivery.engine, queue.release, delivery.chunk)
        delivery.delivered.handed_back[HandBack.OTHER_ACCOUNT] += len(of.drafts)
        return
    delivery.tell_unplaced()
    left = {draft.request: draft.tried for draft in of.drafts}
    closed: set[str] = set()
    while left:
        split = split_by_way(of.ways, left, usable)
        _set_aside(delivery, split)
        left = _deliver_parts(delivery, split.parts, left, closed)


@dataclass(slots=True)
class Split:
    """Requests by what is to be done with them."""

    parts: dict[ListedAccount, list[int]] = field(default_factory=dict)
    """By account, those that may go by it."""
    waiting: list[int] = field(default_factory=list)
    """Bound to an account that does not send now."""
    stranded: list[int] = field(default_factory=list)
    """Bound to an account that the campaign lists no more: nobody will ever learn whether it sent."""


def split_by_way(
    ways: Sequence[ListedAccount],
    tried: Mapping[int, Sequence[EarlierAttempt]],
    usable: Collection[str],
) -> Split:
    """Sort each request by its earlier attempts.

    Args:
        ways: the accounts that the campaign lists, in its order.
        tried: the requests, each with its earlier attempts.
        usable: accounts that are known here and carry the channel.
    """
    split, known = Split(), [way for way in ways if way.account in usable]
    for request, before in tried.items():
        way = choose_account(known, before, request)
        if way is None:
            listed = choose_account(ways, before, request) is not None
            (split.waiting if listed else split.stranded).append(request)
        elif way.is_halted:
            split.waiting.append(request)
        else:
            split.parts.setdefault(way, []).append(request)
    return split


def _set_aside(delivery: Delivery, split: Split) -> None:
    """Those that no account may send now wait a while, and those that none ever will are closed."""
    if split.waiting:
        chunk = replace(delivery.chunk, requests=tuple(split.waiting))
        pause = delivery.limits.timeouts.refused_pause
        in_transaction(delivery.engine, queue.postpone_chunk, chunk, pause)
        delivery.delivered.handed_back[HandBack.HALTED] += len(split.waiting)
    if split.stranded:
        faults = [(request, STRANDED) for request in split.stranded]
        lease = delivery.chunk.lease
        in_transaction(delivery.engine, queue.fail_unsent, lease, "other_account", faults)
        delivery.delivered.handed_back[HandBack.OTHER_ACCOUNT] += len(split.stranded)


def _deliver_parts(
    delivery: Delivery,
    parts: Mapping[ListedAccount, Sequence[int]],
    tried: Mapping[int, Sequence[EarlierAttempt]],
    closed: set[str],
) -> dict[int, tuple[EarlierAttempt, ...]]:
    """Send by each account what goes by it, the ones that take most first.

    Returns those that got no permit, as if they had been tried there: what an account that is `closed`
    already gets once more stays with it, and its lease runs out. Released at once, it would go round and
    round for as long as the limits' server is away.
    """
    left: dict[int, tuple[EarlierAttempt, ...]] = {}
    for way, requests in sorted(parts.items(), key=lambda part: -part[0].share):
        if way.account in closed:
            delivery.delivered.handed_back[HandBack.NO_PERMIT] += len(requests)
            continue
        part = replace(delivery, assignment=delivery.assignment.by(way, set(requests)))
        for request in part.carry_out():
            closed.add(way.account)
            left[request] = (
                *tried[request],
                EarlierAttempt(way.account, AttemptState.NOT_SENT, NO_PERMIT),
            )
    return left
