"""A batch as a picture: its facts, and its requests by status and outcome."""

from rich.console import Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table

from worker.cli.printing import facts_table
from worker.domain.contract.batches import BatchDetails, BatchFacts, Count
from worker.domain.statuses import BatchStatus, RequestStatus

COLOURS: dict[RequestStatus, str] = {
    RequestStatus.PENDING: "grey62",
    RequestStatus.INITIATED: "yellow",
    RequestStatus.CONNECTED: "cyan",
    RequestStatus.COMPLETED: "green",
    RequestStatus.FAILED: "red",
    RequestStatus.CANCELED: "grey50",
    RequestStatus.DUPLICATE: "blue",
    RequestStatus.INVALID: "magenta",
    RequestStatus.SKIPPED: "dark_orange",
}
ORDER = list(RequestStatus)

SHOWN = (
    "campaign_id",
    "starts_at",
    "expires_on",
    "call_rate",
    "auto_call_rate_baseline",
    "upload_filename",
    "error_message",
    "created_at",
    "finished_at",
    "deleted_at",
    "deleted_reason",
    "last_updated_at",
    "last_updated_by",
)


def draw_batch(details: BatchDetails) -> RenderableType:
    """Everything about a batch."""
    facts = [(name, getattr(details.facts, name)) for name in SHOWN]
    title = f"Batch {details.facts.batch_id} · {describe_state(details.facts, details.status)}"
    return Group(facts_table(title, facts), draw_counts(details))


def describe_state(facts: BatchFacts, status: BatchStatus) -> str:
    """Its status, and whether each of its requests is final: it may be ACTIVE and yet at its end."""
    return f"{status}, finished" if facts.finished_at else str(status)


def draw_counts(details: BatchDetails) -> RenderableType:
    """Bars of its requests by status and outcome."""
    bars = Table(box=None, header_style="dim", padding=(0, 1))
    bars.add_column("request_status")
    bars.add_column("channel_manager_status")
    bars.add_column("requests", justify="right")
    bars.add_column("")
    for count in sorted(details.counts, key=_place):
        colour = COLOURS[count.request_status]
        bar = ProgressBar(details.total, count.n, width=30, complete_style=colour)
        outcome = str(count.channel_manager_status)
        bars.add_row(str(count.request_status), outcome, f"{count.n:,}", bar, style=colour)
    bars.add_row("all", "", f"{details.total:,}", f"{details.open:,} not final yet")
    return bars


def _place(count: Count) -> tuple[int, str]:
    return ORDER.index(count.request_status), count.channel_manager_status
