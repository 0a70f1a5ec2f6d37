"""Lift the halt of a channel, or of an account's, once its provider answers again."""

from datetime import timedelta

import structlog

from worker.dispatch.provider_loop import ProviderLoop
from worker.domain.accounts import split_key
from worker.domain.statuses import Channel
from worker.store import halts
from worker.store.connect import Engine, in_transaction

log = structlog.get_logger()


def probe(engine: Engine, provider_loop: ProviderLoop, every: timedelta) -> None:
    """Ask the providers of halted channels a question that contacts nobody; resume those that answer.

    A campaign's halt (an unusable sender, a broken template) waits for an operator: no question to
    the provider would tell that it was mended.
    """
    for key in in_transaction(engine, halts.find_refused_channels, every):
        channel, account = split_key(key)
        if provider_loop.answers(Channel(channel), account):
            in_transaction(engine, halts.resume, scope="channel", key=key)
            log.warning("halt_lifted", scope="channel", key=key)
