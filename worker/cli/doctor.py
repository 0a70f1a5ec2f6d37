"""`outreach doctor`: what is well, what is not, and what to do about it."""

from collections.abc import Iterator

import typer

from config.names import Names
from config.queues import Queue
from config.settings import Settings
from worker.cli import broker
from worker.cli.context import session
from worker.cli.listing import Listing
from worker.cli.printing import add_row, console, facts_table, table
from worker.desk.database import (
    Finding,
    examine_answers,
    examine_clocks,
    examine_database,
    examine_duties,
    examine_halts,
    examine_writes,
)
from worker.dispatch.database_identity import recognition_of
from worker.domain.database_identity import Recognition, RefusedToStart
from worker.runtime import Runtime, StoreUnavailable


def doctor(context: typer.Context) -> None:
    """Check settings, database, migrations, broker and workers; exits with 1 if one is not well."""
    current = session(context)
    out = console()
    out.print(facts_table("Settings in force", mask_secrets(current.settings)))
    findings = list(_examine_all(current.runtime))
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
    lines = table("Health", "", "what", "found", "what to do", breaks=True)
    for finding in findings:
        mark, advice = ("ok", "") if finding.well else ("FAIL", finding.advice)
        style = None if finding.well else "red"
        add_row(lines, [mark, finding.what, finding.found, advice], style=style)
    return lines


def _examine_all(runtime: Runtime) -> Iterator[Finding]:
    try:
        findings = examine_database(runtime.engine)
        yield from findings
        yield examine_clocks(runtime.engine)
        if all(finding.well for finding in findings if finding.what == "migrations"):
            yield examine_writes(runtime.engine)
            yield examine_duties(runtime.engine)
            yield from examine_halts(runtime.engine)
            yield _examine_identity(runtime)
            inbound = f"{runtime.settings.public_url}/callbacks/sms/inbound"
            yield examine_answers(runtime.engine, inbound)
    except StoreUnavailable as error:
        yield Finding("database", False, str(error), "start PostgreSQL, or correct DATABASE_URL")
    fault = broker.fault(runtime.settings.broker_url)
    advice = "start the broker, or correct BROKER_URL"
    yield Finding("broker", fault is None, fault or "answers", advice)
    names = runtime.settings.names
    if fault is None:
        yield from judge_queues(broker.list_consumed_queues(), names)
        yield judge_strays(broker.strays(runtime.settings.broker_url), names)


def judge_strays(waiting: int, names: Names) -> Finding:
    """Whether messages wait where nobody reads; the scheduler takes up those that name one of ours."""
    found = f"{waiting} messages in the list {broker.STRAYED!r}" if waiting else "none"
    advice = f'set global_keyprefix to "{names.prefix}" in their producer, or it is none of ours'
    return Finding("messages without our prefix", not waiting, found, advice)


def _examine_identity(runtime: Runtime) -> Finding:
    try:
        found = recognition_of(runtime.engine, runtime.memories)
    except (RefusedToStart, StoreUnavailable) as error:
        return Finding("memory of it", False, str(error), "nothing starts until it can be read")
    well = found is not Recognition.STRANGER
    return Finding(
        "memory of it", well, found.value, "check it, then: outreach resume --after-restore"
    )


def judge_queues(queues: frozenset[str], names: Names) -> Iterator[Finding]:
    """A finding per queue: whether a worker takes messages from it."""
    for queue in Queue:
        well = names.queue(queue.value) in queues
        found = "a worker consumes it" if well else "no worker consumes it"
        yield Finding(
            f"queue {queue}", well, found, "start its worker: make run, or its Procfile line"
        )
