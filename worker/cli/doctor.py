"""`outreach doctor`: what is well, what is not, and what to do about it."""

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

import typer

import config.lean_imports  # noqa: F401  before anything imports the redis client whole
from config.addresses import is_loopback
from config.names import Names
from config.settings import Settings
from worker.cli import broker
from worker.cli.account_checks import examine_outside
from worker.cli.broker_checks import examine_server
from worker.cli.context import AsJson, screen, session
from worker.cli.listing import Listing
from worker.cli.printing import add_row, facts_table, print_json, table
from worker.desk.database import (
    examine_answers,
    examine_clocks,
    examine_database,
    examine_doubts,
    examine_duties,
    examine_ends,
    examine_halts,
    examine_writes,
)
from worker.desk.findings import Finding
from worker.desk.processes import examine_processes
from worker.desk.server_checks import examine_copies, examine_places
from worker.dispatch.database_identity import judge_the_database
from worker.dispatch.duty import SCAN, SHARED
from worker.domain.database_identity import Recognition, RefusedToStart
from worker.domain.wire import Wire
from worker.heartbeat import KINDS
from worker.runtime import Runtime, StoreUnavailable

LEAST_FREE = 512 * 2**20
"""Bytes on the disk of STATE_DIR, below which somebody is told."""


def doctor(context: typer.Context, *, as_json: AsJson = False) -> None:
    """Check settings, database, migrations, broker and workers; exits with 1 if one is not well."""
    current = session(context)
    settings, findings = mask_secrets(current.settings), list(_examine_all(current.runtime))
    if as_json:
        found: list[Wire] = [finding.to_wire() for finding in findings]
        print_json({"settings": dict(settings), "findings": found})
    else:
        out = screen(context)
        out.print(facts_table("Settings in force", settings))
        out.print(draw_findings(findings))
    if not all(finding.well for finding in findings):
        raise typer.Exit(1)


def mask_secrets(settings: Settings) -> list[tuple[str, str]]:
    """Every setting by its name in the environment; secrets and passwords are not shown."""
    values = {name.upper(): getattr(settings, name) for name in Settings.model_fields}
    return [
        (name, "not set" if value is None else broker.without_password(str(value)))
        for name, value in values.items()
    ]


def draw_findings(findings: list[Finding]) -> Listing:
    """A line per finding."""
    lines = table("Health", "", "what", "found", "what to do", "last well", breaks=True)
    for finding in findings:
        mark, advice = ("ok", "") if finding.well else ("FAIL", finding.advice)
        style = None if finding.well else "red"
        add_row(lines, [mark, finding.what, finding.found, advice, finding.since], style=style)
    return lines


def _examine_all(runtime: Runtime) -> Iterator[Finding]:
    yield from _examine_store(runtime)
    yield from _examine_broker(runtime.settings)
    yield examine_disk(runtime.settings.state_dir)
    yield from examine_outside(runtime)


def _examine_store(runtime: Runtime) -> Iterator[Finding]:
    engine = runtime.engine
    try:
        findings = examine_database(engine)
        yield from findings
        yield examine_clocks(engine)
        yield examine_places(engine)
        yield from examine_copies(engine)
        if all(finding.well for finding in findings if finding.what == "migrations"):
            yield from _examine_contents(runtime)
    except StoreUnavailable as error:
        yield Finding("database", False, str(error), "start PostgreSQL, or correct DATABASE_URL")


def _examine_contents(runtime: Runtime) -> Iterator[Finding]:
    yield examine_writes(runtime.engine)
    yield from examine_duties(runtime.engine, (SCAN, *SHARED))
    yield from examine_processes(runtime.engine, KINDS)
    yield from examine_halts(runtime.engine)
    yield examine_doubts(runtime.engine)
    yield from examine_ends(runtime.engine)
    yield _examine_identity(runtime)
    inbound = f"{runtime.settings.public_url}/callbacks/sms/inbound"
    yield examine_answers(runtime.engine, inbound)


def _examine_broker(settings: Settings) -> Iterator[Finding]:
    fault = broker.fault(settings.broker_url)
    advice = "start the broker, or correct BROKER_URL"
    yield Finding("broker", fault is None, fault or "answers", advice)
    if fault is None:
        yield judge_strays(broker.strays(settings.broker_url), settings.names)
        # Where providers are a sandbox, nothing that is lost was ever meant for anybody.
        tried = all(map(is_loopback, settings.provider_urls.values()))
        yield from examine_server(settings.broker_url, "broker", only_tried=tried)
    if settings.limits_address != settings.broker_url:
        yield from _examine_limits(settings)


def _examine_limits(settings: Settings) -> Iterator[Finding]:
    fault = broker.fault(settings.limits_address)
    advice = (
        "start the server that keeps the limits, or correct LIMITS_URL: nothing is sent without"
    )
    yield Finding("limits", fault is None, fault or "answers", advice)
    if fault is None:
        # What was sent in the last second need not outlive a server.
        yield from examine_server(settings.limits_address, "limits", only_tried=True)


def examine_disk(folder: Path) -> Finding:
    """Return whether this host's disk has room for what it keeps between starts."""
    there = next(one for one in (folder.absolute(), *folder.absolute().parents) if one.exists())
    return judge_disk(shutil.disk_usage(there).free, folder)


def judge_disk(free: int, folder: Path) -> Finding:
    """The finding on so many free bytes."""
    found = f"{free // 2**20} MiB are free for {folder}"
    advice = "make room: answers and what we know of the database are kept there"
    return Finding("disk", free >= LEAST_FREE, found, advice)


def judge_strays(waiting: Mapping[str, int], names: Names) -> Finding:
    """Return whether messages wait where nobody reads; a scheduler takes up those that name one of ours.

    Only one without a NAMESPACE does: of two deployments neither knows whose they are.
    """
    lists = ", ".join(f"{n} messages in the list {key!r}" for key, n in waiting.items())
    advice = f'set global_keyprefix to "{names.prefix}" in their producer, or they are none of ours'
    return Finding("messages without our prefix", not waiting, lists or "none", advice)


def _examine_identity(runtime: Runtime) -> Finding:
    try:
        found = judge_the_database(runtime.engine, runtime.memories)
    except (RefusedToStart, StoreUnavailable) as error:
        return Finding("memory of it", False, str(error), "nothing starts until it can be read")
    well = found.recognition is not Recognition.UNRECOGNIZED
    said = found.recognition.value if well else found.why
    return Finding("memory of it", well, said, "check it, then: outreach resume --after-restore")
