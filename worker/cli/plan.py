"""`outreach batch plan`: the schedule on paper, before anything is sent."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from worker.cli.context import AsJson, screen, session
from worker.cli.fields import UnreadableFile
from worker.cli.printing import print_json
from worker.cli.rates import AutoCallRate, CallRate, ExpiresOn, StartsAt, choose_rates
from worker.cli.screen import Screen
from worker.desk.forecast import forecast
from worker.desk.plan import Outlook, outlook
from worker.desk.spoken_times import read_times
from worker.desk.text_costs import count_batch, count_file
from worker.domain.content.text_costs import TextCosts
from worker.domain.contract.csv_rows import Row, rows
from worker.domain.errors import Mistake, UnknownBatch
from worker.domain.schedule.plan import chart
from worker.runtime import Runtime


class WhatToPlan(Mistake):
    """A file needs a campaign; a batch has one, and rates of its own."""


def plan(  # noqa: PLR0913  each is an option
    context: typer.Context,
    what: Annotated[str, typer.Argument(metavar="BATCH|FILE.csv")],
    *,
    campaign: Annotated[
        str | None, typer.Option(help="Plan a new batch of FILE.csv for this campaign.")
    ] = None,
    starts_at: StartsAt = None,
    expires_on: ExpiresOn = None,
    call_rate: CallRate = None,
    auto_call_rate: AutoCallRate = None,
    file: Annotated[
        Path | None,
        typer.Option(help="Plan BATCH as if this file were uploaded, and nothing else."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show the attempts a batch will make, hour by hour, without making or storing any."""
    here, out = session(context).runtime, screen(context)
    ceilings, zone = here.ceilings, str(out.zone)
    tell = _write if as_json else say
    fields = choose_rates(starts_at, expires_on, call_rate, auto_call_rate)
    if campaign is not None:
        if file is not None:
            raise WhatToPlan("--campaign plans the file that is named first; leave out --file")
        fields = read_times(here.engine, fields, campaign=campaign)
        with _open_file(Path(what)) as lines:
            tell(forecast(here.engine, campaign, lines, fields, ceilings=ceilings, zone=zone), out)
        return
    if fields:
        raise WhatToPlan(
            "a batch has its own times and rates: plan them for a file, with --campaign"
        )
    requests = None if file is None else _count(file)
    try:
        seen = outlook(here.engine, what, requests=requests, ceilings=ceilings, zone=zone)
        tell(replace(seen, costs=_cost(here, what, file)), out)
    except UnknownBatch:
        if Path(what).is_file():
            raise WhatToPlan(f"{what!r} is a file: name its campaign with --campaign") from None
        raise


def _count(file: Path) -> int:
    with _open_file(file) as lines:
        return sum(isinstance(row, Row) for row in rows(lines))


def _cost(here: Runtime, batch_id: str, file: Path | None) -> TextCosts | None:
    if file is None:
        return count_batch(here.engine, batch_id)
    with _open_file(file) as lines:
        return count_file(here.engine, batch_id, lines)


@contextmanager
def _open_file(file: Path) -> Iterator[BinaryIO]:
    try:
        opened = file.open("rb")
    except OSError as error:
        raise UnreadableFile(file, error.strerror or "it is unreadable") from None
    with opened:
        yield opened


def _write(found: Outlook, _: Screen) -> None:
    print_json(found.to_wire() | {"hours": found.hours_to_wire()})


def say(found: Outlook, out: Screen) -> None:
    """The chart, and how it ends."""
    if found.plan.hours:
        out.print(out.zone_note, style="dim")
    for line in chart(found.plan, zone=out.zone):
        out.print(line)
    for sentence in (*found.sentences, *(found.costs.sentences if found.costs else ())):
        out.print(sentence, highlight=False)
    if found.finishes is None:
        out.print("finishes: nothing is waiting")
