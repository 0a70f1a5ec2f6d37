"""Every door, with all that it may change: each deed leaves a row of the audit that names who and which door.

The doors are asked what they have (the API's document, the commands, the messages, the console's paths, and
who halts by itself): one that is added fails here until it is written down, or is no deed for a reason.
"""

import ast
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson
import pytest
from fastapi import FastAPI
from sqlalchemy import Engine
from typer.core import TyperGroup
from typer.testing import CliRunner

from config.settings import load
from tests.applications import application_on
from tests.asgi import ask
from tests.browserless import HOST, Browserless
from tests.callers import make_key
from tests.doors import settings
from tests.factories import ANA
from tests.integration.doors import deeds
from tests.integration.doors.deeds import File
from tests.integration.doors.world import contents, fill
from worker.api.console.routes import SIGNED_IN
from worker.api.once import READING
from worker.cli.commands import commands
from worker.cli.later import Later
from worker.cli.main import app as outreach
from worker.desk.audit import list_audit
from worker.desk.messages import Taken, accept
from worker.desk.signing_in import make_link
from worker.dispatch import data_loss
from worker.domain.audit import AuditDoor, AuditEntry
from worker.domain.callers import Role
from worker.domain.contract.messages import PAYLOADS
from worker.runtime import Runtime
from worker.store import halts
from worker.store.connect import in_transaction

ROOT = Path(__file__).parents[3]
Deed = Callable[[], None]
SOMEBODY = re.compile(r"1512555(?!0100)|Zoe|Trillian|waits\d|failed\d|doubted\d|added|filed")
"""Numbers, names and references of those to whom it is done, by whichever door; 0100 is who calls."""


@pytest.fixture
def environment(database_url: str, tmp_path: Path) -> Mapping[str, str]:
    return settings(database_url, "redis://127.0.0.1:1/0", tmp_path)


@pytest.fixture
def api(environment: Mapping[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[FastAPI]:
    """What answers programs and browsers."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    runtime = Runtime(load(), AuditDoor.API)
    yield application_on(runtime)
    runtime.close()


def written(engine: Engine, deed: Deed) -> list[AuditEntry]:
    """The rows that a deed leaves."""
    told = len(list_audit(engine, limit=1_000))
    deed()
    return list_audit(engine, limit=1_000)[: -told or None]


def judge(engine: Engine, door: AuditDoor, name: str, deed: Deed, *, changes: bool = True) -> None:
    """See that it changes something, as it should, and says so."""
    before = contents(engine)
    rows = written(engine, deed)
    assert (contents(engine) != before) == changes, f"{name} changed {'nothing' * changes}"
    assert {(one.by, one.door) for one in rows} & {(ANA, door)}, f"{name} left no row of {door}"
    assert not SOMEBODY.search(" ".join(str(one.to_wire()) for one in rows)), (
        f"{name} names somebody"
    )


def form_of(file: File) -> bytes:
    """A form with a file in it."""
    parts = [
        f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in file.fields
    ]
    head = '--x\r\nContent-Disposition: form-data; name="file"; filename="f.csv"\r\n\r\n'
    return "".join([*parts, head, file.rows.format(name="filed"), "\r\n--x--\r\n"]).encode()


def test_the_api(engine: Engine, api: FastAPI) -> None:
    assert deeds.API.keys() | deeds.API_NO_DEED.keys() == set(_operations(api))
    names, key = fill(engine), make_key(engine, role=Role.ADMIN)

    for operation, (method, path, body) in deeds.API.items():
        if "{texts}" in path:
            names["texts"] = str(_campaign_called(engine, "texts"))
        prefix = deeds.OWN if f" {deeds.OWN}" in operation else deeds.PUBLIC
        asked, _, query = (prefix + path.format_map(names)).partition("?")

        def deed(
            method: str = method, asked: str = asked, query: str = query, body: Any = body
        ) -> None:
            status, said = ask(api, method, asked, *_sent(key, body), query)
            assert status == 200, said

        judge(engine, AuditDoor.API, operation, deed)


def _operations(api: FastAPI) -> Iterator[str]:
    for path, methods in api.openapi()["paths"].items():
        for method in methods:
            if method != "get" and not path.endswith(READING):
                yield f"{method.upper()} {path}"


def _sent(key: str, body: Any) -> tuple[bytes, dict[str, str]]:
    if isinstance(body, File):
        raw, kind = form_of(body), "multipart/form-data; boundary=x"
    elif isinstance(body, bytes):
        raw, kind = body, "application/x-www-form-urlencoded"
    else:
        raw, kind = b"" if body is None else orjson.dumps(body), "application/json"
    return raw, {"Syllable-API-Key": key, "Content-Type": kind}


def _campaign_called(engine: Engine, name: str) -> int:
    with engine.begin() as connection:
        return int(
            connection.exec_driver_sql(
                "SELECT id FROM campaign WHERE campaign_name = %s", (name,)
            ).scalar_one()
        )


def test_the_commands(engine: Engine, environment: Mapping[str, str], tmp_path: Path) -> None:
    names = fill(engine) | _files(tmp_path)
    assert deeds.COMMANDS.keys() | deeds.ELSEWHERE.keys() == set(_changing_commands())

    for name, arguments in deeds.COMMANDS.items():
        given = [*name.split(), *(one.format_map(names) for one in arguments), "--as", ANA]

        def deed(given: list[str] = given) -> None:
            done = CliRunner().invoke(outreach, given, env=dict(environment))
            assert done.exit_code == 0, done.output

        judge(engine, AuditDoor.COMMAND, name, deed)


def _files(folder: Path) -> dict[str, str]:
    files = {
        "fields": orjson.dumps({"campaign_name": "new", **deeds.VOICE}).decode(),
        "rows": deeds.ROWS.format(name="filed"),
        "payload": '{"batch_id": "B", "paused": true}',
        "targets": "target\r\n+15125550136\r\n",
    }
    for name, content in files.items():
        (folder / f"{name}.txt").write_text(content, encoding="utf-8")
    return {name: str(folder / f"{name}.txt") for name in files}


def _changing_commands() -> Iterator[str]:
    """Commands that print no JSON and take who acts, or are no reading otherwise."""
    for name, one in _commands():
        command = one.command() if isinstance(one, Later) else one
        taken = {parameter.name for parameter in command.params}
        if "by" in taken or name in deeds.ELSEWHERE:
            yield name


def _commands() -> Iterator[tuple[str, Any]]:
    for name, one in commands().items():
        group: Any = one.command() if isinstance(one, Later) else one
        if not isinstance(group, TyperGroup) or group.invoke_without_command:
            yield name, group
        if isinstance(group, TyperGroup):
            yield from ((f"{name} {verb}", each) for verb, each in group.commands.items())


def test_the_messages(engine: Engine) -> None:
    assert deeds.MESSAGES.keys() | deeds.MESSAGES_NO_DEED.keys() == PAYLOADS.keys()
    names = fill(engine)

    for name, payload in deeds.MESSAGES.items():
        given = dict(payload) | {"last_updated_by": ANA}
        if "suppression" in given:
            given["suppression"] = int(names["act0"])

        def deed(name: str = name, given: Mapping[str, Any] = given) -> None:
            taken = accept(engine, name, uuid4().hex, given)
            assert isinstance(taken, Taken), (name, list_audit(engine, limit=1))

        judge(engine, AuditDoor.MESSAGE, name, deed)


def test_the_console(engine: Engine, api: FastAPI) -> None:
    known = (deeds.CONSOLE, deeds.SHOWN, deeds.CONSOLE_NO_DEED)
    assert set().union(*known) == {path for path, method, _, _ in SIGNED_IN if method == "POST"}
    names, browser = fill(engine), Browserless(api)
    browser.post("/sign-in", {"link": make_link(engine, ANA, Role.ADMIN)})
    browser.get("/")

    for table in (deeds.SHOWN, deeds.CONSOLE):
        for path, (address, given) in table.items():
            asked = address.format_map(names)

            def deed(asked: str = asked, given: Any = given) -> None:
                seen = _post(browser, asked, given)
                assert seen in {200, 303}, (asked, seen)

            judge(engine, AuditDoor.CONSOLE, path, deed, changes=table is deeds.CONSOLE)


def _post(browser: Browserless, address: str, given: Any) -> int:
    if not isinstance(given, File):
        return browser.post(address, given).status
    form = File(given.rows, (("form_token", browser.form_token), *given.fields))
    kind = {"origin": f"http://{HOST}", "content-type": "multipart/form-data; boundary=x"}
    return browser._go("POST", address, form_of(form), kind).status


HALTING = {
    "halt.py": "a provider's refusal, or a run of one code",
    "data_loss.py": "proof that the database has lost something",
    "steering.py": "somebody, through one of the doors above",
    "probe.py": "lifts what the provider's refusal halted, when it answers again",
    "database_identity.py": "a database that is not the one we know, or is again",
}
"""Who halts or resumes, by file."""


def test_whoever_halts_by_itself(engine: Engine) -> None:
    assert set(_halting()) <= HALTING.keys()
    names = fill(engine)

    def lose() -> None:
        in_transaction(engine, halts.halt, "channel", "sms", "refused", halts.PROVIDER)
        in_transaction(engine, halts.halt, "campaign", names["campaign"], "words", "outreach")

    def lift() -> None:
        in_transaction(engine, halts.resume, "channel", "sms")

    for deed in (lose, lift):
        rows = written(engine, deed)
        assert {one.door for one in rows} == {AuditDoor.SYSTEM}
        assert all(one.subject in {"channel sms", f"campaign {names['campaign']}"} for one in rows)
    assert data_loss.FORGOTTEN_REASON


def _halting() -> Iterator[str]:
    """The files that call `halts.halt` or `halts.resume`: no other statement touches a halt."""
    for path in (ROOT / "worker").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(func=ast.Attribute(ast.Name("halts"), "halt" | "resume")):
                    yield path.name
                case _:
                    pass
