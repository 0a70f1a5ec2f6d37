"""The rules and the dashboard that ship: each alert fires on its fault alone, and asks for what is served."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry
from sqlalchemy import Engine, text
from typer.main import get_command

from tests.promtool import judge
from worker.cli.main import app
from worker.desk.database import examine_duties
from worker.desk.exposition import registry
from worker.desk.metrics import read_snapshot
from worker.dispatch.duty import SCAN, SHARED, Duty, TurnNotes, perform

ALERTS = Path(__file__).parents[3] / "config" / "deploy" / "alerts"
RULES = (ALERTS / "rules.yml").read_text(encoding="utf-8")
RUNBOOK = (ALERTS / "RUNBOOK.md").read_text(encoding="utf-8")
NAMES = re.findall(r"- alert: (\w+)", RULES)


def test_each_alert_fires_on_its_fault_and_none_while_all_is_well() -> None:
    tool = shutil.which("promtool")
    if tool is None:
        pytest.skip("the alerts are not tried: install promtool (Debian: prometheus)")

    ran = subprocess.run(
        [tool, "test", "rules", "rules_test.yml"], cwd=ALERTS, capture_output=True, check=False
    )

    assert ran.returncode == 0, ran.stdout.decode() + ran.stderr.decode()


def test_each_alert_is_tried_and_has_its_paragraph() -> None:
    tried = (ALERTS / "rules_test.yml").read_text(encoding="utf-8")

    assert NAMES
    for name in NAMES:
        assert f"  - name: {name}\n" in tried
        assert f"\n## {name}\n" in RUNBOOK
        assert f"runbook: RUNBOOK.md#{name.lower()}\n" in RULES
    assert re.findall(r"(?m)^## (\w+)$", RUNBOOK) == NAMES


def test_every_command_of_the_runbook_exists() -> None:
    commands: Any = get_command(app)
    for written in re.findall(r"`outreach ([a-z -]+)", RUNBOOK):
        first, second, *_ = [*re.sub(r" --?.*", "", written).split(), ""]
        found = commands.commands[first]
        assert not second or second in found.commands, written


def served(figures: CollectorRegistry) -> set[tuple[str, frozenset[str]]]:
    """Every series' name with the names of its labels."""
    return {
        (sample.name, frozenset(sample.labels))
        for family in figures.collect()
        for sample in family.samples
    }


def asked(expression: str) -> Iterator[tuple[str, frozenset[str]]]:
    """Every metric of ours in a query, with the labels that it is chosen or shown by."""
    grouped = frozenset(re.split(r",\s*", "".join(re.findall(r"by \(([^)]*)\)", expression)[:1])))
    for name, chosen in re.findall(r"(outreach_\w+)(?:\{([^}]*)\})?", expression):
        yield name, frozenset(re.findall(r"(\w+)!?=", chosen)) | grouped - {""}


def expressions() -> list[str]:
    """Every query that ships."""
    board = json.loads((ALERTS / "dashboard.json").read_text(encoding="utf-8"))
    shown = [target["expr"] for panel in board["panels"] for target in panel["targets"]]
    return [*re.findall(r"expr: '(.*)'", RULES), *shown]


def test_every_query_asks_for_what_is_served_from_the_start(engine: Engine, tmp_path: Path) -> None:
    there = served(registry(read_snapshot(engine), tmp_path))

    for expression in expressions():
        for name, labels in asked(expression):
            found = [has for one, has in there if one == name]
            assert found, f"{name} is not served"
            assert all(labels <= has for has in found), f"{name} has no {sorted(labels)}"


def failing(engine: Engine) -> dict[str, float]:
    """By a duty: whether it fails, as Prometheus is told."""
    figures = registry(read_snapshot(engine))
    return {
        sample.labels["duty"]: sample.value
        for family in figures.collect()
        for sample in family.samples
        if sample.name == "outreach_duty_failing"
    }


@pytest.mark.parametrize("duty", [*SHARED, SCAN])
def test_each_duty_that_fails_or_that_nobody_does_is_told_by_its_name_alone(
    engine: Engine, tmp_path: Path, duty: str
) -> None:
    def fail() -> None:
        raise TimeoutError

    for name in SHARED:
        perform(engine, Duty(name, lambda: None, 60))
    TurnNotes(engine, SCAN, 60).tell()
    well = failing(engine)
    with engine.begin() as connection:
        late = text("UPDATE duty SET next_at = next_at - interval '1 hour' WHERE name = :name")
        connection.execute(late, {"name": duty})
    if duty in SHARED:
        perform(engine, Duty(duty, fail, 60))

    unwell = failing(engine)
    findings = examine_duties(engine, (SCAN, *SHARED))

    assert not any(well.values())
    assert {name for name, value in unwell.items() if value} == {duty}
    assert [one.what for one in findings if not one.well] == [f"duty {duty}"]
    if shutil.which("promtool"):
        said = judge(
            [well] * 5 + [unwell] * 25,
            tmp_path,
            metric="outreach_duty_failing",
            label="duty",
            alert="OutreachDutyFails",
            severity="ticket",
            firing=[duty],
        )
        assert said == ""


def test_the_dashboard_is_one_that_grafana_takes() -> None:
    """https://grafana.com/docs/grafana/latest/dashboards/build-dashboards/view-dashboard-json-model/."""
    board = json.loads((ALERTS / "dashboard.json").read_text(encoding="utf-8"))

    assert {"title", "uid", "schemaVersion", "panels", "templating", "time"} <= set(board)
    ids = [panel["id"] for panel in board["panels"]]
    assert len(set(ids)) == len(ids)
    for panel in board["panels"]:
        place = panel["gridPos"]
        assert 0 <= place["x"] < place["x"] + place["w"] <= 24, panel["title"]
        assert panel["type"] == "timeseries"
        assert len({target["refId"] for target in panel["targets"]}) == len(panel["targets"])
    places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in board["panels"]]
    assert len(set(places)) == len(places), "one lies above another"
