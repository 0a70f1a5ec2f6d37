"""`outreach batch plan`: the schedule on paper, before anything is sent."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from worker.cli.fields import UnreadableFile
from worker.cli.printing import console
from worker.cli.rates import AutoCallRate, CallRate, ExpiresOn, chosen
from worker.cli.session import session
from worker.desk.forecast import forecast
from worker.desk.plan import Outlook, outlook
from worker.domain.csv_rows import Row, rows
from worker.domain.errors import Mistake, UnknownBatch
from worker.domain.plan import chart


class WhatToPlan(Mistake):
    """A file needs a campaign; a batch has one, and rates of its own."""


def plan(
    context: typer.Context,
    what: Annotated[str, typer.Argument(metavar="BATCH|FILE.csv")],
    *,
    campaign: Annotated[
        str | None, typer.Option(help="Plan a new batch of FILE.csv for this campaign.")
    ] = None,
    expires_on: ExpiresOn = None,
    call_rate: CallRate = None,
    auto_call_rate: AutoCallRate = None,
    file: Annotated[
        Path | None,
        typer.Option(help="Plan BATCH as if this file were uploaded, and nothing else."),
    ] = None,
) -> None:
    """Show the attempts a batch will make, hour by hour, without making or storing any."""
    here = session(context).runtime
    fields = chosen(expires_on, call_rate, auto_call_rate)
    if campaign is not None:
        if file is not None:
            raise WhatToPlan("--campaign plans the file that is named first; leave out --file")
        with _opened(Path(what)) as lines:
            say(forecast(here.engine, campaign, lines, fields, ceilings=here.ceilings))
        return
    if fields:
        raise WhatToPlan(
            "a batch has its own times and rates: plan them for a file, with --campaign"
        )
    requests = None if file is None else _count(file)
    try:
        say(outlook(here.engine, what, requests=requests, ceilings=here.ceilings))
    except UnknownBatch:
        if Path(what).is_file():
            raise WhatToPlan(f"{what!r} is a file: name its campaign with --campaign") from None
        raise


def _count(file: Path) -> int:
    with _opened(file) as lines:
        return sum(isinstance(row, Row) for row in rows(lines))


@contextmanager
def _opened(file: Path) -> Iterator[BinaryIO]:
    try:
        opened = file.open("rb")
    except OSError as error:
        raise UnreadableFile(file, error.strerror or "it is unreadable") from None
    with opened:
        yield opened


def say(found: Outlook) -> None:
    """The chart, and how it ends."""
    for line in chart(found.plan):
        console().print(line, highlight=False)
    for sentence in found.sentences:
        console().print(sentence)
    if found.finishes is None:
        console().print("finishes: nothing is waiting")
