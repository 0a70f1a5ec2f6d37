"""`outreach batch list`: which batches there are, filtered and a page at a time."""

from datetime import datetime, time, timedelta
from re import fullmatch
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from worker.cli.context import AsJson, Wide, screen, session
from worker.cli.picture import describe_state
from worker.cli.printing import add_row, print_json, table
from worker.desk.batch_lists import list_batches
from worker.domain.contract.batch_queries import LARGEST_PAGE, BatchPage, BatchQuery
from worker.domain.errors import WrongFields
from worker.domain.statuses import BatchStatus

COLUMNS = ("batch_id", "status", "requests", "open", "campaign_name", "created_at", "campaign_id")


def list_(  # noqa: PLR0913  each is an option
    context: typer.Context,
    *,
    campaign: Annotated[
        str | None, typer.Option(help="Only this campaign's, by name or id.")
    ] = None,
    status: Annotated[BatchStatus | None, typer.Option(help="Only these.")] = None,
    finished: Annotated[
        bool | None,
        typer.Option("--finished/--unfinished", help="Whether each request is final."),
    ] = None,
    matching: Annotated[
        str | None,
        typer.Option(
            "--matching", "--title", metavar="TEXT", help="In its id, file or campaign's name."
        ),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="Created since: 2026-11-01, 12h, 7d, or a whole time."),
    ] = None,
    before: Annotated[
        str | None, typer.Option(metavar="BATCH", help="Go on below this one.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=LARGEST_PAGE, help="How many at once.")] = 50,
    wide: Wide = False,
    as_json: AsJson = False,
) -> None:
    """List batches, newest first."""
    current = session(context)
    query = BatchQuery(
        campaign=campaign,
        status=status,
        finished=finished,
        matching=matching,
        since=None if since is None else moment(since, current.zone),
        before=before,
        limit=limit,
    )
    found = list_batches(current.runtime.engine, query)
    if as_json:
        print_json([one.details.to_wire() for one in found.batches])
    else:
        _show(context, found, wide=wide)


def moment(text: str, zone: ZoneInfo) -> datetime | timedelta:
    """A day, which begins in this zone, a time with its offset, or how long ago.

    Raises:
        WrongFields: it is none of them.
    """
    if ago := fullmatch(r"([0-9]{1,4})([hd])", text):
        unit = timedelta(hours=1) if ago[2] == "h" else timedelta(days=1)
        return int(ago[1]) * unit
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise _no_moment() from None
    if at.tzinfo is None and at.time() != time(0):
        raise _no_moment()
    return at if at.tzinfo else at.replace(tzinfo=zone)


def _no_moment() -> WrongFields:
    like = "like 2026-11-01, 12h, 7d or 2026-11-01T09:00:00Z"
    return WrongFields([f"--since: must be a day, how long ago or a time with its offset, {like}"])


def _show(context: typer.Context, found: BatchPage, *, wide: bool) -> None:
    listing = table(None, *COLUMNS)
    for one in found.batches:
        facts = one.details.facts
        counted = (describe_state(facts, one.details.status), one.details.total, one.details.open)
        about = (one.campaign_name, facts.created_at, facts.campaign_id)
        add_row(listing, [facts.batch_id, *counted, *about])
    out = screen(context, wide=wide)
    out.print(listing)
    if found.more:
        last = found.batches[-1].details.facts.batch_id
        out.print(f"There are more: outreach batch list --before {last}")
