"""Everything that the command line can do, the API can do, but for what belongs to a machine."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from typer.core import TyperGroup

from tests.contract import reduce
from worker.api.console.routes import SIGNED_IN
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
    "reconcile": "asks the providers for as long as that takes, while everything is halted after a restore",
    "db upgrade": "changes the database's shape, with the release that is installed there",
    "db status": "as above",
    "run": "starts processes where it runs",
    "demo": "starts services where it runs",
    "bounce": "reads what a mail server pipes into it where it runs",
    "unsubscribe": "as above",
    "alive": "asks for the processes of the host where it runs",
    "watchdog": "goes on for as long as it runs, and tells whom its own host is told to tell",
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
    "find": "POST /search",
    "preview": "GET /batches/{batch_id}/preview",
    "halt": "POST /halts",
    "resume": "POST /halts/resume",
    "attempts": "GET /attempts/in-doubt",
    "attempts count-as-sent": "POST /attempts/{attempt}/count-as-sent",
    "attempts allow-retry": "POST /attempts/{attempt}/allow-retry",
}
"""The operation that does what a command does."""

HERE = "where it is typed: how it is drawn, or a file or clock of the terminal"
OF_THE_TERMINAL = dict.fromkeys(("as_json", "wide", "help", "preview", "excel", "separator"), HERE)
AS = {"by": "the key's owner", **OF_THE_TERMINAL}
"""Options of any command that no operation has, and why."""

FIELDS = "a field of the body, whose names are those of the noun"
OTHERWISE: dict[str, dict[str, str]] = {
    "campaign create": {"fields": FIELDS, "file": FIELDS},
    "campaign update": {"fields": FIELDS, "file": FIELDS},
    "campaign test": {"to": "target", "variables": "request_variables"},
    "batch create": dict.fromkeys(
        (
            *("batch_id", "campaign", "starts_at", "expires_on", "paused"),
            *("call_rate", "auto_call_rate"),
        ),
        FIELDS,
    ),
    "batch update": dict.fromkeys(
        ("starts_at", "expires_on", "call_rate", "auto_call_rate"), FIELDS
    ),
    "batch plan": {
        "what": "batch_id",
        **dict.fromkeys(
            ("campaign", "file", "starts_at", "expires_on", "call_rate", "auto_call_rate"),
            "POST /campaigns/{campaign}/plan plans a file; requests, as if so many waited",
        ),
    },
    "batch remove": {"references": "reference_ids"},
    "batch retry": {"references": "reference_ids", "failed": "no reference_ids"},
    "batch results": {"reference": "reference_id", "as_csv": "GET …/results/csv and …/jsonl"},
    "request retry": {"reference_id": "reference_ids"},
    "dead-letters list": {
        "everything": "settled",
        "reveal": "GET /dead-letters/{letter} shows one whole, to a key that may operate",
    },
    "dead-letters show": dict.fromkeys(("reveal", "payload"), "the answer has it"),
    **{
        key: {"channel": "mode"}
        for key in ("suppress add", "suppress list", "suppress explain", "suppress import")
    },
    "find": {"what": "target or reference_id, of which one is given"},
    "suppress remove": {"row": "suppression", "why": "reason"},
    "halt": dict.fromkeys(
        ("everything", "channel", "account", "source", "campaign"), "scope and key"
    ),
    "resume": {
        **dict.fromkeys(
            ("everything", "channel", "account", "source", "campaign"), "scope and key"
        ),
        "after_restore": "what is known of the database lies on the host where it is typed",
    },
    "attempts": {"in_doubt": "the address says it"},
}
"""Options that go by another name, or that no operation has, and why."""


def _commands() -> Iterator[str]:
    return (name for name, _ in _found())


def _found() -> Iterator[tuple[str, Any]]:
    for name, one in commands().items():
        group = one.command() if isinstance(one, Later) else one
        if not isinstance(group, TyperGroup) or group.invoke_without_command:
            yield name, group
        if isinstance(group, TyperGroup):
            yield from ((f"{name} {verb}", each) for verb, each in group.commands.items())


def _options(one: Any) -> set[str]:
    command = one.command() if isinstance(one, Later) else one
    return {name for parameter in command.params for name in parameter.opts}


def _operations() -> dict[str, set[str]]:
    """By operation, the names of all that it may be told."""
    app = FastAPI()
    app.include_router(routes.router)
    return {
        operation.replace(PREFIX, ""): {name.split()[-1] for name in told["parameters"]}
        | {name.split(".")[1] for name in told["takes"] if "." in name}
        for operation, told in reduce(app.openapi()).items()
    }


def _typed(name: str) -> set[str]:
    """What may be typed behind a command."""
    first, *verbs = name.split()
    found: Any = commands()[first]
    for verb in (None, *verbs):
        found = found if verb is None else found.commands[verb]
        found = found.command() if isinstance(found, Later) else found
    completing = {"install_completion", "show_completion"}
    return {one.name for one in found.params} - completing


def test_what_a_command_does_an_operation_does_too() -> None:
    without = set(_commands()) - SAME.keys() - OF_A_MACHINE.keys()

    assert without == set(), "give each an operation, or say why it belongs to a machine"
    assert set(SAME.values()) <= _operations().keys()


def test_what_may_be_typed_behind_a_command_an_operation_may_be_told() -> None:
    told = _operations()
    without = {
        name: missing
        for name, operation in SAME.items()
        if (missing := _typed(name) - told[operation] - AS.keys() - OTHERWISE.get(name, {}).keys())
    }

    assert without == {}, "let its operation be told it, or say why not"
    for name, others in OTHERWISE.items():
        assert others.keys() <= _typed(name), name
        for other in others.values():
            assert not other.isidentifier() or other in told[SAME[name]], (name, other)


CONSOLE = {
    "/": "batch list",
    "/halts": "halt",
    "/halts/lift": "resume",
    "/batches": "batch list",
    "/batches/new": "batch upload",
    "/batches/{batch}": "batch show",
    "/batches/{batch}/confirm": "batch resume",
    "/batches/{batch}/pause": "batch pause",
    "/batches/{batch}/resume": "batch resume",
    "/batches/{batch}/change": "batch update",
    "/batches/{batch}/expire": "batch update",
    "/batches/{batch}/delete": "batch delete",
    "/batches/{batch}/export": "batch results",
    "/uploads/{upload:int}/bad-rows": "batch upload",
    "/bulk/new": "batch retry",
    "/requests/{request:int}": "request show",
    "/requests/{request:int}/reveal": "preview",
    "/requests/{request:int}/remove": "batch remove",
    "/requests/{request:int}/retry": "request retry",
    "/requests/{request:int}/replace": "batch upload",
    "/people": "find",
    "/people/{recipient:int}": "find",
    "/people/{recipient:int}/suppress": "suppress add",
    "/suppressions": "suppress add",
    "/suppressions/{row:int}/lift": "suppress remove",
    "/doubts": "attempts",
    "/doubts/{attempt:int}/sent": "attempts count-as-sent",
    "/doubts/{attempt:int}/retry": "attempts allow-retry",
    "/dead-letters/{letter:int}": "dead-letters show",
    "/dead-letters/{letter:int}/reveal": "dead-letters show",
    "/dead-letters/{letter:int}/replay": "dead-letters replay",
    "/dead-letters/{letter:int}/discard": "dead-letters discard",
    "/campaigns": "campaign list",
    "/campaigns/{campaign}": "campaign show",
    "/campaigns/{campaign}/test": "campaign test",
    "/plan": "batch plan",
    "/audit": "audit list",
}
"""By the path of a page or a deed of the console: the command that shows or does the same."""

OF_A_BROWSER = {
    "/bulk/{number:int}": "a command does all at once, and says how many when it is done",
    "/bulk/{number:int}/stop": "as above: it is interrupted",
    "/people/{recipient:int}/reveal": "whoever asks a terminal has typed the address",
    "/campaigns/{campaign}/preview": "a command previews rows that are there",
    "/sign-out": "a terminal has no session",
    "/sign-out-everywhere": "as above",
}
"""Pages and deeds that have no command, and why."""


def test_what_the_console_shows_and_does_a_command_does_too() -> None:
    paths = {path for path, _, _, _ in SIGNED_IN}

    assert paths - CONSOLE.keys() - OF_A_BROWSER.keys() == set(), (
        "name the command, or say why none"
    )
    assert set(CONSOLE) | set(OF_A_BROWSER) <= paths
    assert set(CONSOLE.values()) <= set(_commands())


WITHOUT_JSON = {
    "batch watch": "is drawn again and again; `batch show --json` tells the same",
    "messages schema": "prints JSON anyway",
    "console open": "opens a browser",
    "alive": "answers by its exit status",
    "watchdog": "goes on until it is stopped, and writes its log as JSON",
    "run": "goes on until it is stopped, and its processes write their log as JSON",
    "demo": "is a show",
    "bounce": "is run by a mail server, which reads its exit status",
    "unsubscribe": "as above",
}
"""Commands that read and print no JSON, and why. Those that change something say so in a sentence."""


def test_what_a_command_reads_it_prints_as_json_too() -> None:
    silent = {name for name, one in _found() if "--json" not in _options(one)}
    changing = {name for name, told in SAME.items() if told.split()[0] != "GET" and name != "find"}

    assert (
        silent - changing - WITHOUT_JSON.keys() - {"db upgrade", "batch archive", "reconcile"}
        == set()
    )


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
