"""The times of a batch as an operator types them, read by the clocks of its campaign."""

from collections.abc import Mapping

from worker.desk.campaigns import get_campaign
from worker.domain.errors import WrongFields
from worker.domain.schedule.spoken_times import spoken_time
from worker.store import batches
from worker.store.connect import Connection, Engine, in_transaction

TIMES = ("starts_at", "expires_on")


def read_times(engine: Engine, fields: Mapping[str, object], *, campaign: str) -> dict[str, object]:
    """The fields with their times as moments, each with its offset.

    Args:
        engine: the store, which says which day it is.
        fields: of a batch; a time is text like `tomorrow 8:00`, or None.
        campaign: its name or id.

    Raises:
        UnknownCampaign: there is none.
        WrongFields: what was typed is no time.
    """
    typed = {name: text for name in TIMES if isinstance(text := fields.get(name), str)}
    if not typed:
        return dict(fields)

    def step(connection: Connection) -> dict[str, object]:
        zone = get_campaign(connection, campaign).fields.timezone
        now, faults, read = batches.now(connection), [], {}
        for name, text in typed.items():
            try:
                read[name] = spoken_time(text, zone, now).isoformat()
            except (ValueError, OverflowError) as error:
                faults.append(f"{name}: {error}")
        if faults:
            raise WrongFields(faults)
        return {**fields, **read}

    return in_transaction(engine, step)
