"""A live picture of a batch, until nothing of it is open any more."""

import time
from collections.abc import Callable

from rich.console import Group
from rich.live import Live
from rich.text import Text

from worker.cli.picture import draw_batch
from worker.cli.screen import Screen
from worker.domain.contract.batches import BatchDetails
from worker.domain.statuses import BatchStatus

OVER = frozenset({BatchStatus.CANCELED, BatchStatus.FAILED, BatchStatus.EXPIRED})
"""Nothing will be attempted any more; an empty batch in such a state is not waited for."""


def watch(look: Callable[[], BatchDetails], out: Screen, *, interval: float) -> None:
    """Show what `look` finds every `interval` seconds; Ctrl-C ends it, the batch goes on."""
    with Live(console=out, auto_refresh=False) as live:
        try:
            while not _show(live, look(), out.zone_note):
                time.sleep(interval)
        except KeyboardInterrupt:
            return


def _show(live: Live, details: BatchDetails, note: str) -> bool:
    """Show the batch. Returns whether that was the end."""
    live.update(Group(draw_batch(details), Text(note, style="dim")), refresh=True)
    return not details.open and (details.total > 0 or details.status in OVER)
