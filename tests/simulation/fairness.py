"""One batch of a million beside fifty of a hundred: how much longer a small one takes than alone."""

from worker.domain.schedule.pace import divide_room

ROOM = 500
"""Requests a tick has room for."""


def small_batch_slowdown(large: int = 1_000_000, small: int = 100, batches: int = 50) -> float:
    """The slowest small batch's time over its time alone at its fair share of the channel."""
    waiting = dict.fromkeys(range(1, batches + 1), small) | {0: large}
    done_at: dict[int, int] = {}
    tick = 0
    while any(waiting[batch] for batch in range(1, batches + 1)):
        tick += 1
        wants = {batch: {batch: n} for batch, n in waiting.items() if n}
        for batch, share in divide_room(ROOM, wants).items():
            waiting[batch] -= share
            if not waiting[batch]:
                done_at[batch] = tick
    alone = small / (ROOM / (batches + 1))
    return max(done_at[batch] for batch in range(1, batches + 1)) / alone
