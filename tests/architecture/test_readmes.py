"""What a README names is there: files, headings, settings, metrics, commands, targets, fields."""

import json
import os
import re
import subprocess
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from config.settings import Settings
from tests.readmes import READMES, ROOT, Readme, commands, words_of
from worker.cli.later import Later
from worker.cli.main import app
from worker.desk.account_series import NAMES
from worker.desk.exposition import COUNTED, DUTIES, HELP, LABELLED, PROCESSES, RATES
from worker.domain.contract.campaigns import CampaignFields, campaign_fields
from worker.domain.wire import to_wire
from worker.measures import MEASURES
from worker.tracing import ENDPOINT

SETTINGS = {name.upper() for name in Settings.model_fields}
OF_OTHERS = {ENDPOINT}
"""Variables that a library reads by itself, out of the environment alone."""
KINDS = {"outreach", "make", "redis-cli", "export"}
BY_HAND = {
    "sudo apt-get install --yes python3 python3-venv make caddy",
    "make setup",
    "python3 -m venv /opt/outreach",
    "/opt/outreach/bin/pip install --require-hashes -r requirements.lock",
    "/opt/outreach/bin/pip install --no-deps outreach-0.1.0-py3-none-any.whl",
    "sudo caddy reverse-proxy --from outreach.example.com --to 127.0.0.1:8080",
    "honcho -e /dev/null start",
    "outreach run --small",
    "outreach reconcile --since 2026-03-01T02:00:00Z",
    "cp config/deploy/systemd/* /etc/systemd/system/",
    "systemctl start outreach-migrate",
    "systemctl enable --now outreach.target outreach@{scheduler,voice,sms,email}",
    "systemctl enable --now outreach@{triggers,stream,webhooks,web,api}",
    "helm install outreach config/deploy/chart",
    "docker compose -f config/deploy/compose.yaml build build",
    "POSTGRES_PASSWORD=change-me docker compose -f config/deploy/compose.yaml up --wait",
}
FILE = re.compile(r"(?<![\w/.:-])((?:[\w-]+/)*[\w-]+\.(?:py|md|toml|lock|sql))(?!\w)")
CAPITALS = re.compile(r"([A-Z]+(?:_[A-Z]+)+)(?:=\S*)?")
OPTION = re.compile(r"--[a-z-]+")
METRIC = re.compile(r"outreach_[a-z_]+")
COMMAND = re.compile(r"((?:[A-Z]+=\S+ )*)(?:\.venv/bin/)?((?:outreach|make|python) \S.*)")
FIGURE = re.compile(r"\d[\d,.]*\s?(?:ms|µs|KB|MB|GB|TB|\N{MULTIPLICATION SIGN})")
CONDITIONS = {"0 ms", "100 ms"}
"""The provider's latencies: they say under what a figure was measured."""
PROSE = {"required", "one for voice", "required for sms", "for email", "all", "all seven"} | {
    "all but `machine`"
}
"""Defaults that a word says better."""
LONGEST = 135
SHORT = 170

each = pytest.mark.parametrize("readme", READMES, ids=lambda one: one.name)


@each
def test_every_link_leads_somewhere(readme: Readme) -> None:
    for link in readme.links:
        path, _, anchor = link.partition("#")
        file = (readme.folder / path).resolve() if path else ROOT / readme.name
        assert file.exists(), link
        if anchor:
            assert anchor in Readme(file.relative_to(ROOT).as_posix()).anchors, link


@each
def test_every_file_it_names_is_there(readme: Readme) -> None:
    known = {path.name for room in ("config", "tasks", "worker", "tests") for path in files(room)}
    for name in FILE.findall(readme.text):
        places = (ROOT, readme.folder, ROOT / "worker")
        there = any((place / name).exists() for place in places)
        assert there or ("/" not in name and name in known), name


@each
def test_every_setting_it_names_is_one(readme: Readme) -> None:
    named = {found[1] for span in readme.spans if (found := CAPITALS.fullmatch(span))}
    example = (ROOT / ".env.example").read_text(encoding="utf-8")

    assert named - SETTINGS - OF_OTHERS == set()
    for block in readme.blocks:
        if block.language == "ini" and block.file == ".env":
            written = {line.partition("=")[0] for line in block.text.splitlines()}
            assert written - SETTINGS == set()
            assert all(name in example for name in written)


def test_the_settings_are_all_explained_in_one_place() -> None:
    [readme] = (one for one in READMES if one.name == "config/README.md")

    assert set(readme.spans) >= SETTINGS


@each
def test_every_metric_it_names_is_shown(readme: Readme) -> None:
    shown = {
        *HELP,
        *PROCESSES,
        *DUTIES,
        *LABELLED,
        RATES,
        *(one.name if one.bounds else f"{one.name}_total" for one in MEASURES),
        *(f"{name.removesuffix('_total')}_total" for name in COUNTED),
        "database_up",
        *NAMES,
    }

    named = {name.removeprefix("outreach_") for name in METRIC.findall(readme.text)}

    assert named - shown == set()


@each
def test_every_option_in_its_sentences_exists(readme: Readme) -> None:
    named = {found[0] for span in readme.spans if (found := OPTION.match(span))}

    assert named - {"--help", *options_of(get_command(app))} == set()


@each
def test_every_command_in_its_sentences_exists(readme: Readme) -> None:
    for span in readme.spans:
        if found := COMMAND.fullmatch(span):
            check_command(found[2], dict(one.split("=", 1) for one in found[1].split()))


def test_every_line_of_a_shell_is_of_a_kind_that_a_test_runs() -> None:
    for readme, _, line in commands():
        words = words_of(line)
        assert words[0] in KINDS, (readme.name, line)
        if words[0] in {"outreach", "make"}:
            check_command(line.partition(" >")[0], {})


def test_a_block_after_its_name_is_a_file() -> None:
    found = [block.file for readme in READMES for block in readme.blocks if block.file]

    assert sorted(found) == [
        ".env",
        "dnc.txt",
        "hello.json",
        "patients.csv",
        "people.csv",
        "reminder.json",
    ]


def test_few_lines_are_left_to_a_person() -> None:
    left = {
        line
        for readme in READMES
        for block in readme.blocks
        if block.by_hand
        for line in block.commands
    }

    assert left == BY_HAND


def test_no_figure_stands_in_two_places() -> None:
    places: dict[str, set[str]] = {}
    for readme in READMES:
        for figure in set(FIGURE.findall(readme.text)) - CONDITIONS:
            places.setdefault(figure, set()).add(readme.name)

    assert {figure: names for figure, names in places.items() if len(names) > 1} == {}


@each
def test_its_lines_are_short(readme: Readme) -> None:
    lines = readme.prose.splitlines()

    assert [one for one in lines if len(one) > LONGEST and not one.startswith("|")] == []


def test_the_first_one_is_read_in_one_sitting() -> None:
    assert READMES[0].text.count("\n") <= SHORT


def test_every_field_of_a_campaign_is_in_the_operators_table_with_its_default() -> None:
    [readme] = (one for one in READMES if one.name == "worker/desk/README.md")
    table = readme.prose.partition("| field | default |")[2].partition("\n\n")[0]
    rows = re.findall(r"^\| (`[^|]+) \| ([^|]+) \|", table, flags=re.MULTILINE)
    named = {name: default for names, default in rows for name in re.findall(r"`(\w+)`", names)}

    assert set(named) == set(CampaignFields.model_fields)
    for names, written in rows:
        if written not in PROSE:
            defaults = [default_of(name) for name in re.findall(r"`(\w+)`", names)]
            assert [one.strip("`") for one in written.split(", ")] == defaults, names


def test_the_campaigns_that_are_shown_can_be_created() -> None:
    shown = [
        json.loads(block.text)
        for readme in READMES
        for block in readme.blocks
        if block.file and block.file.endswith(".json")
    ]

    assert [campaign_fields(one).campaign_name for one in shown] == ["hello", "reminder"]


def default_of(field: str) -> str:
    """As the table writes it."""
    found = to_wire(CampaignFields.model_fields[field].get_default(call_default_factory=True))
    return found if isinstance(found, str) else json.dumps(found)


def check_command(line: str, environment: dict[str, str]) -> None:
    """Let only a command pass that exists, with its options."""
    words = words_of(line)
    if words[0] == "make":
        check_make(words, environment)
    elif words[0] == "python":
        check_module(words)
    else:
        check_outreach(words[1:])


def check_make(words: list[str], environment: dict[str, str]) -> None:
    done = subprocess.run(
        ["make", "-n", *words[1:]],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, (words, done.stderr)


def check_module(words: list[str]) -> None:
    assert words[1] == "-m", words
    found = find_spec(words[2])
    assert found, words
    assert found.origin, words
    main = Path(found.origin).with_name("__main__.py")
    code = (main if main.exists() else Path(found.origin)).read_text(encoding="utf-8")
    assert '__name__ == "__main__"' in code, words
    for option in words[3:]:
        assert not option.startswith("--") or f'"{option}"' in code, (words, option)


def check_outreach(words: list[str]) -> None:
    """Follow the words through the groups; what is left are arguments and options of one command."""
    command: Any = get_command(app)
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if word.startswith("--"):
            [option] = [one for one in command.params if word in one.opts + one.secondary_opts] or [
                None
            ]
            assert option is not None, (words, word)
            if not option.is_flag and rest:
                rest.pop(0)
        elif subcommands := getattr(command, "commands", None):
            assert word in subcommands or word == "…", (words, word)
            command = imported(subcommands.get(word, command))


def options_of(command: Any) -> Iterator[str]:
    """Every option of a command and of those below it."""
    for parameter in command.params:
        yield from parameter.opts
    for below in getattr(command, "commands", {}).values():
        yield from options_of(imported(below))


def imported(command: Any) -> Any:
    """The command itself, where only its place stands in the list."""
    return command.command() if isinstance(command, Later) else command


def files(room: str, pattern: str = "*") -> list[Path]:
    """The files of a room."""
    return [path for path in (ROOT / room).rglob(pattern) if path.is_file()]
