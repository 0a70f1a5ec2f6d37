"""Everything that the command line can do, the API can do, but for what belongs to a machine."""

import ast
from collections.abc import Iterator
from pathlib import Path

from fastapi import FastAPI
from typer.core import TyperGroup

from worker.api.outreach import routes
from worker.cli.commands import commands
from worker.cli.later import Later

ROOT = Path(__file__).parents[2]
PREFIX = "/api/v1/outreach"
LONGEST_ROUTE = 12

OF_A_MACHINE = {
    "batch archive": "writes files where it runs, and takes rows out of the database for them",
    "batch watch": "draws in a terminal; a program asks for the batch again",
    "console open": "opens a browser where it runs",
    "db upgrade": "changes the database's shape, with the release that is installed there",
    "db status": "as above",
    "demo": "starts services where it runs",
    "alive": "asks for the processes of the host where it runs",
    "doctor": "judges settings, files and services as seen from where it runs",
    "version": "says what is installed where it runs; `/metrics` says what a deployment runs",
}
"""Commands that have no operation, and why."""

SAME = {
    "campaign create": "POST /campaigns",
    "campaign update": "PATCH /campaigns/{campaign}",
    "campaign list": "GET /campaigns",
    "campaign show": "GET /campaigns/{campaign}",
    "campaign diff": "GET /campaigns/{campaign}/diff",
    "campaign test": "POST /campaigns/{campaign}/test",
    "batch create": "POST /batches",
    "batch list": "GET /batches",
    "batch upload": "POST /batches/{batch_id}/upload",
    "batch plan": "GET /batches/{batch_id}/plan",
    "batch remove": "POST /batches/{batch_id}/remove",
    "batch retry": "POST /batches/{batch_id}/retry",
    "batch update": "PATCH /batches/{batch_id}",
    "batch show": "GET /batches/{batch_id}",
    "batch pause": "POST /batches/{batch_id}/pause",
    "batch resume": "POST /batches/{batch_id}/resume",
    "batch delete": "POST /batches/{batch_id}/delete",
    "batch results": "GET /batches/{batch_id}/results",
    "request retry": "POST /batches/{batch_id}/retry",
    "request show": "GET /batches/{batch_id}/request",
    "messages list": "GET /messages",
    "messages schema": "GET /messages/{name}",
    "dead-letters list": "GET /dead-letters",
    "dead-letters show": "GET /dead-letters/{letter}",
    "dead-letters replay": "POST /dead-letters/{letter}/replay",
    "dead-letters discard": "POST /dead-letters/{letter}/discard",
    "suppress add": "POST /suppressions",
    "suppress remove": "POST /suppressions/{suppression}/lift",
    "suppress list": "GET /suppressions",
    "suppress explain": "POST /suppressions/explain",
    "suppress import": "POST /suppressions/import",
    "audit list": "GET /audit",
    "audit verify": "GET /audit/verify",
    "key create": "POST /keys",
    "key list": "GET /keys",
    "key revoke": "POST /keys/{name}/revoke",
    "preview": "GET /batches/{batch_id}/preview",
    "halt": "POST /halts",
    "resume": "POST /halts/resume",
    "attempts": "GET /attempts/in-doubt",
    "attempts count-as-sent": "POST /attempts/{attempt}/count-as-sent",
    "attempts allow-retry": "POST /attempts/{attempt}/allow-retry",
}
"""The operation that does what a command does."""


def _commands() -> Iterator[str]:
    for name, one in commands().items():
        group = one.command() if isinstance(one, Later) else one
        if not isinstance(group, TyperGroup) or group.invoke_without_command:
            yield name
        if isinstance(group, TyperGroup):
            yield from (f"{name} {verb}" for verb in group.commands)


def _operations() -> set[str]:
    app = FastAPI()
    app.include_router(routes.router)
    return {
        f"{method.upper()} {path.removeprefix(PREFIX)}"
        for path, methods in app.openapi()["paths"].items()
        for method in methods
    }


def test_what_a_command_does_an_operation_does_too() -> None:
    without = set(_commands()) - SAME.keys() - OF_A_MACHINE.keys()

    assert without == set(), "give each an operation, or say why it belongs to a machine"
    assert set(SAME.values()) <= _operations()


def test_no_target_stands_in_an_address() -> None:
    app = FastAPI()
    app.include_router(routes.router)
    named = {
        parameter["name"]
        for methods in app.openapi()["paths"].values()
        for told in methods.values()
        for parameter in told.get("parameters", ())
    }

    assert named & {"target", "address", "identity", "phone", "email"} == set()


def test_a_route_is_a_door() -> None:
    long = [
        f"{path.name}:{function.name}"
        for path in (ROOT / "worker/api/outreach").glob("*.py")
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(function, ast.FunctionDef) and function.decorator_list
        if (function.end_lineno or 0) - function.body[0].lineno >= LONGEST_ROUTE
    ]

    assert long == []
