"""Ask whether an account lists what it took later than a doubt: one that doesn't proves no absence."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace

import structlog

from worker.dispatch.provider_loop import ProviderLoop
from worker.domain.content.tickets import LookupRequest
from worker.domain.evidence import Timeouts
from worker.domain.evidence.lookups import Lookup, Matches
from worker.store import attempts
from worker.store.connect import Engine, in_transaction

log = structlog.get_logger()


def ask_for_newer(
    engine: Engine,
    provider_loop: ProviderLoop,
    timeouts: Timeouts,
    looks: Sequence[tuple[LookupRequest, object]],
) -> dict[int, bool]:
    """Ask the accounts of those that are about to be judged absent, and would then go by another one.

    Returns:
        by attempt whether its account lists one that was begun after it; who was not asked is left out.
    """
    doubted = [
        inquiry
        for inquiry, look in looks
        if inquiry.others_listed
        and isinstance(look, Matches)
        and inquiry.age >= timeouts.give_up[inquiry.channel]
    ]
    if not doubted:
        return {}
    newer = {
        one.attempt: in_transaction(engine, attempts.find_newer, one, timeouts.lookup_interval)
        for one in doubted
    }
    listed = provider_loop.run(_list_all(provider_loop, newer))
    return {one.attempt: listed.get(one.attempt, False) for one in doubted}


async def _list_all(
    provider_loop: ProviderLoop, newer: Mapping[int, LookupRequest | None]
) -> dict[int, bool]:
    asked = {attempt: one for attempt, one in newer.items() if one is not None}
    answers = await asyncio.gather(*(_is_listed(provider_loop, one) for one in asked.values()))
    return dict(zip(asked, answers, strict=True))


async def _is_listed(provider_loop: ProviderLoop, known: LookupRequest) -> bool:
    """Ask by person, as for a doubt, though its sid is known: it is the lists that are tried."""
    try:
        provider = provider_loop.provider(known.channel, known.account)
        look: Lookup = await provider.look_up(replace(known, sid=None))
    except Exception as error:  # noqa: BLE001  a bug in reading an answer proves nothing
        log.error("look_failed", attempt=known.attempt, error=type(error).__name__)
        return False
    if not isinstance(look, Matches):
        return False
    return known.sid in {*look.other_senders, *(report.sid for report in look.reports)}
