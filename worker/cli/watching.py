"""A live picture of a batch, until nothing of it is open any more."""

import time
from collections.abc import Callable

from rich.console import Console
from rich.live import Live

from worker.cli.picture import pictured
from worker.domain.batches import BatchDetails
from worker.domain.statuses import BatchStatus

OVER = frozenset({BatchStatus.CANCELED, BatchStatus.FAILED, BatchStatus.EXPIRED})
"""Nothing will be attempted any more; an empty batch in such a state is not waited for."""


def watch(look: Callable[[], BatchDetails], out: Console, *, interval: float) -> None:
    """Show what `look` finds every `interval` seconds; Ctrl-C ends it, the batch goes on."""
    with Live(console=out, auto_refresh=False) as live:
        try:
            while not _show(live, look()):
                time.sleep(interval)
        except KeyboardInterrupt:
            return


def _show(live: Live, details: BatchDetails) -> bool:
    """Show the batch. Returns whether that was the end."""
    live.update(pictured(details), refresh=True)
    return not details.open and (details.total > 0 or details.status in OVER)
