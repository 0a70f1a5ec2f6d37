"""Incidents: what a rule has found, from when it holds long enough until it is over. Each is told twice."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from worker.domain.alerts.expressions import evaluate, seconds_of
from worker.domain.alerts.samples import Labels, SampleHistory


@dataclass(frozen=True, slots=True)
class AlertRule:
    """One of the rules that ship. `lasts`: seconds for which it has to hold before anybody is told."""

    name: str
    expression: str
    lasts: float
    severity: str
    summary: str
    runbook: str

    @property
    def metric(self) -> str:
        """The first metric that it asks about."""
        found = re.search(r"outreach_\w+", self.expression)
        return found.group() if found else ""

    @classmethod
    def of(cls, written: Mapping[str, Any]) -> Self:
        """A rule as Prometheus' file has it."""
        told = written["annotations"]
        return cls(
            written["alert"],
            written["expr"],
            seconds_of(str(written.get("for", "0s"))),
            written["labels"]["severity"],
            told["summary"],
            told["runbook"],
        )


@dataclass(slots=True)
class Incident:
    """An incident: a rule that holds. Times in seconds since the epoch; `told_at`: None until it was."""

    rule: str
    labels: Mapping[str, str]
    since: float
    sentence: str
    severity: str
    runbook: str
    told_at: float | None = None
    over_at: float | None = None
    metric: str = ""
    """What it is seen by; where that is not known now, nobody knows that it is over."""
    took: list[str] = field(default_factory=list)
    """Who has taken the news that is being told; whoever has not is told again."""

    @property
    def key(self) -> str:
        """Its name: the rule's, with the labels."""
        return incident_key(self.rule, frozenset(self.labels.items()))


def incident_key(rule: str, labels: Labels) -> str:
    """The name of an incident of a rule."""
    told = ",".join(f"{name}={value}" for name, value in sorted(labels))
    return f"{rule}{{{told}}}" if told else rule


@dataclass(slots=True)
class Incidents:
    """All that are not over, and those that are and whose end has not been told."""

    open: dict[str, Incident] = field(default_factory=dict)

    def judge(self, rules: Sequence[AlertRule], history: SampleHistory) -> list[Incident]:
        """Note what holds now. Returns whom to tell of: those that began, and those that are over."""
        holds: set[str] = set()
        for rule in rules:
            for labels, value in evaluate(rule.expression, history).items():
                key = incident_key(rule.name, labels)
                holds.add(key)
                self._note(key, rule, labels, value, history.now)
        for key, one in list(self.open.items()):
            if key not in holds and one.told_at is None:
                del self.open[key]
            elif key not in holds and history.knows(one.metric):
                one.over_at = one.over_at or history.now
            elif key not in holds:
                continue
            else:
                one.over_at = None
        lasting = {rule.name: rule.lasts for rule in rules}
        return [one for one in self.open.values() if _is_news(one, lasting, history.now)]

    def note_told(self, one: Incident, at: float) -> None:
        """Everybody has been told: that it began, or that it is over."""
        one.took.clear()
        if one.over_at is not None:
            self.open.pop(one.key, None)
        else:
            one.told_at = at

    def _note(self, key: str, rule: AlertRule, labels: Labels, value: float, now: float) -> None:
        named = dict(labels)
        sentence = summarize(rule.summary, named, value)
        if key in self.open:
            self.open[key].sentence = sentence
            return
        self.open[key] = Incident(
            rule.name, named, now, sentence, rule.severity, rule.runbook, metric=rule.metric
        )


def _is_news(one: Incident, lasting: Mapping[str, float], now: float) -> bool:
    if one.told_at is None:
        return now - one.since >= lasting.get(one.rule, 0.0)
    return one.over_at is not None


def summarize(template: str, labels: Mapping[str, str], value: float) -> str:
    """A rule's summary as Prometheus would write it."""

    def fill(found: re.Match[str]) -> str:
        label, how = found.group(1), found.group(2)
        if label:
            return labels.get(label, "")
        return _WRITTEN.get(how or "", _plain)(value)

    return re.sub(r"\{\{ \$(?:labels\.(\w+)|value)(?: \| (\w+))? \}\}", fill, template)


def _plain(value: float) -> str:
    return f"{value:g}"


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    parts = ((hours, "h"), (minutes, "m"), (rest, "s"))
    return " ".join(f"{n}{unit}" for n, unit in parts if n) or "0s"


def _bytes(value: float) -> str:
    for unit in ("", "ki", "Mi", "Gi"):
        if abs(value) < 1024:
            return f"{value:.4g}{unit}"
        value /= 1024
    return f"{value:.4g}Ti"


_WRITTEN = {"humanizeDuration": _duration, "humanize1024": _bytes}
