"""Tell once what is said of a whole country, whether it comes as an answer or in a report."""

from collections.abc import Sequence
from functools import lru_cache

import structlog

from worker.domain.evidence.destination_codes import DESTINATIONS, country_of
from worker.domain.evidence.reports import Report
from worker.domain.statuses import Channel
from worker.store import reachability
from worker.store.connect import Engine, in_transaction

log = structlog.get_logger()


def tell_country(channel: Channel, address: str, code: str | None) -> None:
    """Tell of the country of this number, where the code speaks of countries."""
    if code in DESTINATIONS:
        _tell_once(channel, country_of(address), code)


def tell_reported(engine: Engine, reports: Sequence[Report]) -> None:
    """The same of whoever these reports speak of; asks for their numbers only where a code needs them."""
    tokens = {one.token: one for one in reports if one.token and one.code in DESTINATIONS}
    if tokens:
        for token, number in in_transaction(engine, reachability.numbers_of, list(tokens)):
            tell_country(tokens[token].channel, number, tokens[token].code)


@lru_cache(maxsize=1024)
def _tell_once(channel: Channel, country: str, code: str) -> None:
    """Once a process for each country, for it is said of every number there."""
    log.warning(
        "destination_refused", channel=channel, country=country, code=code, why=DESTINATIONS[code]
    )
