"""The rules that ship, judged without Prometheus, hold when Prometheus' own test says that they do."""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
import yaml

from tests.readmes import ROOT
from worker.desk.watchdog import read_rules
from worker.domain.alerts.expressions import UnknownExpression, evaluate, seconds_of
from worker.domain.alerts.incidents import Incidents, summarize
from worker.domain.alerts.samples import Labels, Moment, SampleHistory, Vector

TRIED = ROOT / "config" / "deploy" / "alerts" / "rules_test.yml"
# As text: `0x20` is no number here, but 0 and then 20 times again.
CASES = yaml.load(TRIED.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)["tests"]  # noqa: S506  as text
RULES = read_rules()
EVERY = 10.0
LOOKBACK = 300.0
SPAN = re.compile(r"(-?[\d.]+)(?:([+-])([\d.]+))?x(\d+)$")


def values(written: str) -> Iterator[float]:
    """promtool's short hand: `3x40`, `0+60x40`, or numbers one by one."""
    for part in written.split():
        if span := SPAN.match(part):
            first, sign, step, times = span.groups()
            by = float(step or 0) * (-1 if sign == "-" else 1)
            yield from (float(first) + by * n for n in range(int(times) + 1))
        else:
            yield float(part)


def series(written: str) -> tuple[str, Labels]:
    name, _, rest = written.partition("{")
    return name, frozenset(re.findall(r'(\w+)="([^"]*)"', rest))


def seen(given: list[tuple[tuple[str, Labels], list[float]]], place: int, most: int) -> Moment:
    """What Prometheus sees: a series that ends is seen for a while longer."""
    moment: dict[str, Vector] = {}
    for (name, labels), told in given:
        if place < len(told) + most:
            moment.setdefault(name, {})[labels] = told[min(place, len(told) - 1)]
    return moment


@cache
def judged_at(number: int, when: float) -> dict[str, list[dict[str, str]]]:
    """Which alerts somebody has been told of by then in a case, with their labels."""
    case = CASES[number]
    step = seconds_of(str(case["interval"]))
    given = [
        (series(one["series"]), list(values(str(one["values"])))) for one in case["input_series"]
    ]
    history, incidents = SampleHistory(3600.0), Incidents()
    at = 0.0
    while at <= when:
        history.add(at, seen(given, int(at // step), int(LOOKBACK // step)))
        for news in incidents.judge(RULES, history):
            incidents.note_told(news, at)
        at += EVERY
    told: dict[str, list[dict[str, str]]] = {}
    for one in incidents.open.values():
        if one.told_at is not None:
            told.setdefault(one.rule, []).append(dict(one.labels))
    return told


def expected() -> Iterator[Any]:
    for number, case in enumerate(CASES):
        for asked in case["alert_rule_test"]:
            yield pytest.param(
                number, asked, id=f"{case['name']}-{asked['alertname']}-{asked['eval_time']}"
            )


@pytest.mark.parametrize(("number", "asked"), list(expected()))
def test_a_rule_holds_when_prometheus_says_so(number: int, asked: dict[str, Any]) -> None:
    found = judged_at(number, seconds_of(str(asked["eval_time"])))

    wanted = [
        {
            name: text
            for name, text in one["exp_labels"].items()
            if name not in {"severity", "alertname"}
        }
        for one in asked.get("exp_alerts") or []
    ]
    assert found.get(asked["alertname"], []) == wanted


def test_every_rule_that_ships_is_understood() -> None:
    assert RULES
    history = SampleHistory(3600.0)
    history.add(0.0, {})
    for rule in RULES:
        evaluate(rule.expression, history)


@pytest.mark.parametrize("expression", ["rate(x[5m])", "x >", "x y", "sum(x", ""])
def test_what_is_not_understood_is_an_error_and_not_silence(expression: str) -> None:
    history = SampleHistory(3600.0)
    history.add(0.0, {})

    with pytest.raises(UnknownExpression):
        evaluate(expression, history)


def test_a_time_without_a_database_is_no_burst_and_a_counter_may_begin_anew() -> None:
    name = "outreach_x_total"
    history = SampleHistory(3600.0)
    for at, n in ((0.0, 500.0), (10.0, None), (20.0, 503.0), (30.0, 2.0)):
        history.add(at, {} if n is None else {name: {frozenset(): n}})

    assert evaluate("increase(outreach_x_total[1h])", history) == {frozenset(): 5.0}


def test_an_incident_is_told_once_and_once_when_it_is_over() -> None:
    rules = [one for one in RULES if one.name == "OutreachHalted"]
    history, incidents = SampleHistory(3600.0), Incidents()
    told: list[tuple[float, bool]] = []
    for at in range(0, 400, 10):
        history.add(float(at), {"outreach_halts": {frozenset(): float(100 <= at < 300)}})
        for one in incidents.judge(rules, history):
            told.append((float(at), one.over_at is not None))
            incidents.note_told(one, float(at))

    assert told == [(160.0, False), (300.0, True)]
    assert not incidents.open


def test_what_holds_for_too_short_a_time_is_told_to_nobody() -> None:
    rules = [one for one in RULES if one.name == "OutreachHalted"]
    history, incidents = SampleHistory(3600.0), Incidents()
    for at in range(0, 200, 10):
        history.add(float(at), {"outreach_halts": {frozenset(): float(50 <= at < 100)}})
        assert not incidents.judge(rules, history)


def test_a_summary_is_written_as_prometheus_writes_it() -> None:
    template = "{{ $labels.mode }} {{ $value }} {{ $value | humanizeDuration }} {{ $value | humanize1024 }}B"

    assert summarize(template, {"mode": "sms"}, 3725.0) == "sms 3725 1h 2m 5s 3.638kiB"
