"""`make demo`: real batches through real parts, against the sandbox, with the judge's verdict."""

import json
import os
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any
from urllib.request import urlopen
from uuid import UUID

from rich.console import Console, Group
from rich.live import Live

from config.addresses import is_loopback
from config.settings import ENV_FILE, SettingsError, load
from worker.cli.console import link_for
from worker.cli.listing import Listing
from worker.cli.picture import draw_counts
from worker.cli.printing import add_row, table
from worker.cli.request import draw_request as pictured_request
from worker.cli.screen import Screen
from worker.desk.audit import attempt_tokens
from worker.desk.batches import create_batch, show_batch
from worker.desk.campaigns import create_campaign
from worker.desk.requests import show_request
from worker.desk.signing_in import make_link
from worker.desk.uploads import upload_requests
from worker.domain.callers import Role
from worker.domain.contract.batches import BatchDetails
from worker.domain.database_identity import RefusedToStart
from worker.domain.errors import Mistake
from worker.domain.statuses import Channel
from worker.local.demo_batches import DemoBatch, choose_batches
from worker.local.demo_metrics import compare_metrics
from worker.local.interrupts import Interrupted, Interrupts
from worker.local.postgres_programs import ServiceFailed
from worker.local.stack import AlreadyRunning, Stack, running_stack
from worker.local.terminal import DEFAULT, demo_line
from worker.runtime import Runtime, StoreUnavailable, build

BY = "operator@example.com"
PATIENCE_SECONDS = 75
LATE_REPORTS_SECONDS = 15
LOOK_SECONDS = 0.25


def demo(*, keep: bool, csv: Path | None, channel: str | None) -> int:
    """Run it.

    1. Start the house on a fresh database.
    2. Create the campaigns and batches and upload their files, as an operator would.
    3. Watch until every request is final.
    4. Show the results, one request's timeline, and what the sandbox's ledger says.

    Returns:
        0 when the results are the expected ones and nobody was contacted twice, else 1.
    """
    out = Console(highlight=False)
    if foreign := sorted(filter(_is_foreign, os.environ)):
        out.print(f"the demo talks to this machine alone: unset {', '.join(foreign)}", markup=False)
        return 1
    os.environ[ENV_FILE] = os.devnull
    state_dir = Path(os.environ.get("STATE_DIR", DEFAULT)) / "demo"
    with Interrupts() as interrupts:
        try:
            pieces = choose_batches(csv, channel)
            say = lambda sentence: out.print(f"[dim]· {sentence}[/dim]")  # noqa: E731
            with running_stack(state_dir, interrupts, say=say, quiet=True, fresh=True) as house:
                return _perform(out, house, pieces, interrupts, keep=keep)
        except Interrupted:
            out.print("stopped")
            return 130
        except SettingsError as error:
            out.print("\n".join(error.faults), markup=False)
            return 1
        except (AlreadyRunning, ServiceFailed, Mistake, RefusedToStart, StoreUnavailable) as error:
            out.print(str(error), markup=False)
            return 1


ADDRESSES = {
    "DATABASE_URL",
    "BROKER_URL",
    "LIMITS_URL",
    "PUBLIC_URL",
    "TWILIO_API_URL",
    "SENDGRID_API_URL",
}
ACCOUNTS = {"TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "SENDGRID_API_KEY"}


def _is_foreign(name: str) -> bool:
    """True if a setting of the environment leads the demo away from this machine, or to a real account."""
    return name in ACCOUNTS or (name in ADDRESSES and not is_loopback(os.environ[name]))


def _perform(
    out: Console, house: Stack, pieces: Sequence[DemoBatch], interrupts: Interrupts, *, keep: bool
) -> int:
    os.environ.update(house.environment)
    runtime = build(load())
    for piece in pieces:
        _load(out, runtime, piece)
    began = time.monotonic()
    _watch(out, runtime, pieces, interrupts)
    out.print(f"every request is final after {time.monotonic() - began:.0f} s\n")
    batches = _hear_late_reports(runtime, pieces, interrupts)
    out.print(_results(batches))
    _show_timeline(out, runtime, pieces[0])
    as_expected = _compare(out, pieces, batches)
    contacted_once = _judge(out, house, runtime)
    counted_right = _compare_metrics(out, house)
    _addresses(out, house)
    if keep:
        out.print("left running: Ctrl-C stops it; in another terminal:")
        out.print(f"  {demo_line(house.state_dir)} batch list", markup=False, soft_wrap=True)
        out.print("the console, signed in once by this link:")
        link = link_for(load(), make_link(runtime.engine, BY, Role.ADMIN))
        out.print(f"  {link}", markup=False, soft_wrap=True)
        interrupts.pause(None)
    return 0 if as_expected and contacted_once and counted_right else 1


def _load(out: Console, runtime: Runtime, piece: DemoBatch) -> None:
    campaign = create_campaign(runtime.engine, piece.campaign, by=BY)
    fields = {"batch_id": piece.batch_id, "campaign_id": campaign.id}
    create_batch(runtime.engine, fields, by=BY)
    with piece.file.open("rb") as file:
        uploaded = upload_requests(
            runtime.patient_engine, piece.batch_id, file=file, filename=piece.file.name, by=BY
        )
    out.print(
        f"· {piece.file.name}: {uploaded.stored} requests, {uploaded.pending} to send,"
        f" {uploaded.duplicate} duplicate, {uploaded.invalid} invalid"
    )


def _watch(
    out: Console, runtime: Runtime, pieces: Sequence[DemoBatch], interrupts: Interrupts
) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    live = Live(console=out, auto_refresh=False) if out.is_terminal else nullcontext()
    with live:
        while time.monotonic() < deadline:
            batches = _look(runtime, pieces)
            if isinstance(live, Live):
                live.update(Group(*map(_draw, batches)), refresh=True)
            if not any(batch.open for batch in batches):
                return
            interrupts.pause(LOOK_SECONDS)
            if not isinstance(live, Live) and int(time.monotonic() * 4) % 4 == 0:
                out.print(" ".join(f"{b.facts.batch_id}: {b.open} open" for b in batches))
    raise ServiceFailed("some requests are not final yet: see the logs under STATE_DIR")


def _look(runtime: Runtime, pieces: Sequence[DemoBatch]) -> list[BatchDetails]:
    return [show_batch(runtime.engine, piece.batch_id) for piece in pieces]


def _hear_late_reports(
    runtime: Runtime, pieces: Sequence[DemoBatch], interrupts: Interrupts
) -> list[BatchDetails]:
    """A mail is final once it is delivered; that somebody opened it is reported later."""
    deadline = time.monotonic() + LATE_REPORTS_SECONDS
    while not all(map(_is_expected, pieces, batches := _look(runtime, pieces))):
        if time.monotonic() > deadline:
            break
        interrupts.pause(LOOK_SECONDS)
    return batches


def _draw(batch: BatchDetails) -> Group:
    return Group(f"\n[bold]{batch.facts.batch_id}[/bold] · {batch.status}", draw_counts(batch))


def _results(batches: Sequence[BatchDetails]) -> Listing:
    """Each batch's counts, below its name."""
    listing = table("Results", "batch", "request_status", "channel_manager_status", "requests")
    for batch in batches:
        name = batch.facts.batch_id
        for (status, outcome), n in sorted(_counts(batch).items()):
            add_row(listing, [name, status, outcome, n])
            name = ""
    return listing


def _counts(batch: BatchDetails) -> dict[tuple[str, str], int]:
    return {
        (str(count.request_status), str(count.channel_manager_status)): count.n
        for count in batch.counts
        if count.n
    }


def _show_timeline(out: Console, runtime: Runtime, piece: DemoBatch) -> None:
    if piece.example:
        history = show_request(runtime.engine, piece.batch_id, piece.example)
        out.print()
        screen = Screen()
        screen.print(pictured_request(history))
        screen.print_notes()


def _compare(out: Console, pieces: Sequence[DemoBatch], batches: Sequence[BatchDetails]) -> bool:
    agree = True
    for piece, batch in zip(pieces, batches, strict=True):
        if not _is_expected(piece, batch):
            agree = False
            found = _name_counts(batch)
            out.print(f"[red]{piece.batch_id}: expected {piece.expected}, found {found}[/red]")
    if any(piece.expected is not None for piece in pieces):
        out.print(f"\n{_mark(agree)} the final counts are the ones the README states")
    return agree


def _is_expected(piece: DemoBatch, batch: BatchDetails) -> bool:
    return piece.expected is None or piece.expected == _name_counts(batch)


def _name_counts(batch: BatchDetails) -> dict[str, int]:
    return {f"{status} {outcome}": n for (status, outcome), n in _counts(batch).items()}


def _judge(out: Console, house: Stack, runtime: Runtime) -> bool:
    """Hold the sandbox's ledger against our attempts: tokens are read off the wire there."""
    if house.sandbox_url is None:
        return True
    ledger = _read_ledger(house)
    contacts = Counter(contact["token"] for contact in ledger)
    known = {str(token) for token in attempt_tokens(runtime.engine)}
    unknown = [token for token in contacts if token is None or str(UUID(token)) not in known]
    once = max(contacts.values(), default=0) <= 1 and not unknown
    out.print(
        f"{_mark(once)} the providers saw exactly one contact per attempt:"
        f" {sum(contacts.values())} contacts, {len(contacts)} attempts behind them,"
        f" at most {max(contacts.values(), default=0)} each"
    )
    return once


def _compare_metrics(out: Console, house: Stack) -> bool:
    """Hold what Prometheus would read against the sandbox's books, by channel and answer."""
    wrong, counted = compare_metrics(house)
    for sentence in wrong:
        out.print(f"[red]{sentence}[/red]")
    said = ", ".join(f"{counted[channel]} {channel}" for channel in Channel)
    out.print(f"{_mark(not wrong)} the metrics count the same: {said}\n")
    return not wrong


def _read_ledger(house: Stack) -> list[Mapping[str, Any]]:
    with urlopen(f"{house.sandbox_url}/sandbox/ledger", timeout=10) as answer:  # noqa: S310  loopback
        return list(json.load(answer))


def _addresses(out: Console, house: Stack) -> None:
    out.print(f"Flower     {house.flower_url}  login {house.environment['FLOWER_BASIC_AUTH']}")
    out.print(f"callbacks  {house.web_url}/health/live")
    out.print(f"private    {house.api_url}/health/ready  {house.api_url}/metrics")
    out.print(f"logs       {house.state_dir}/logs")


def _mark(holds: bool) -> str:
    return "[green]✓[/green]" if holds else "[red]✗[/red]"
