"""Attempts by minute over the last hour: past minutes are remembered, so that only what is new is read."""

from datetime import datetime, timedelta
from threading import Lock

from worker.domain.statuses import Channel
from worker.store import batches, glance
from worker.store.connect import Connection, Engine, in_transaction

MINUTE = timedelta(minutes=1)
SHOWN = 60
SETTLED = 2 * MINUTE
"""Minutes older than this don't change any more: what has begun in them has committed."""


class Minutes:
    """One process's memory of the last hour, for however many who watch."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._after = 0
        self._counts: dict[tuple[Channel, datetime], int] = {}

    def read(self, engine: Engine) -> dict[Channel, tuple[int, ...]]:
        """Attempts begun in each of the last sixty whole minutes, by channel, oldest first."""
        with self._lock:
            return in_transaction(engine, self._read)

    def _read(self, connection: Connection) -> dict[Channel, tuple[int, ...]]:
        now = batches.now(connection).replace(second=0, microsecond=0)
        found = glance.count_minutes(connection, self._after)
        cut = sum(one.n for one in found) >= glance.MOST_READ
        oldest = min((one.minute for one in found), default=now)
        for one in found:
            if not cut or one.minute > oldest:  # the oldest may be there in part only
                self._counts[one.channel, one.minute] = one.n
        # Of whatever age: what is long over is read once, and not again by each who looks.
        settled = [one for one in found if one.minute <= now - SETTLED]
        self._after = max((one.last for one in settled), default=self._after)
        self._forget(now - (SHOWN + 2) * MINUTE)
        at = [now - step * MINUTE for step in range(SHOWN, 0, -1)]
        return {one: tuple(self._counts.get((one, minute), 0) for minute in at) for one in Channel}

    def _forget(self, before: datetime) -> None:
        self._counts = {key: n for key, n in self._counts.items() if key[1] >= before}
