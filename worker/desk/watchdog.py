"""The rules that ship for Prometheus, judged from the database, for those who run none."""

import json
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib.resources import files
from pathlib import Path

import structlog
import yaml
from prometheus_client import Metric

from worker.desk.exposition import registry
from worker.desk.metrics import read_snapshot
from worker.domain.alerts.expressions import seconds_of
from worker.domain.alerts.incidents import AlertRule, Incident, Incidents
from worker.domain.alerts.samples import Moment, SampleHistory, Vector
from worker.store.connect import Engine

log = structlog.get_logger()

Sample = tuple[str, Sequence[Sequence[str]], float]
"""A metric, its labels and its value."""
LONGEST = seconds_of("1h")
"""The longest time that a rule looks back."""


def read_rules() -> list[AlertRule]:
    """The rules that ship, as Prometheus reads them."""
    text = (files("config") / "deploy" / "alerts" / "rules.yml").read_text(encoding="utf-8")
    return [
        AlertRule.of(rule) for group in yaml.safe_load(text)["groups"] for rule in group["rules"]
    ]


@dataclass(slots=True)
class Watchdog:
    """Judges again and again; remembers in a file whom it has told of, so that nobody is told twice.

    Args:
        engine: the database.
        state_dir: a folder of this host, where the file is and whose disk is watched.
    """

    engine: Engine
    state_dir: Path
    rules: list[AlertRule] = field(default_factory=read_rules)
    history: SampleHistory = field(default_factory=lambda: SampleHistory(LONGEST))
    incidents: Incidents = field(default_factory=Incidents)

    def __post_init__(self) -> None:
        """Go on where the last one stopped."""
        try:
            kept = json.loads(self._file.read_text(encoding="utf-8"))
            found = [Incident(**one) for one in kept["incidents"]]
            at, moment = float(kept["at"]), _moment(kept["samples"])
        except FileNotFoundError:
            return
        except (OSError, ValueError, TypeError, KeyError) as error:
            log.warning("watchdog_forgot", error=type(error).__name__)
            return
        self.incidents.open = {one.key: one for one in found}
        self.history.add(at, moment)

    def look(self) -> list[Incident]:
        """Judge this moment. Returns whom to tell of: what began, and what is over."""
        self.state_dir.mkdir(parents=True, exist_ok=True)
        snapshot = read_snapshot(self.engine)
        at = time.time() if snapshot is None else snapshot.at.timestamp()
        self.history.add(at, _moment(self._samples(registry(snapshot, self.state_dir).collect())))
        news = self.incidents.judge(self.rules, self.history)
        self.keep()
        return news

    def note_told(self, one: Incident) -> None:
        """Somebody took the news: it is not told again."""
        self.incidents.note_told(one, self.history.now)
        self.keep()

    def _samples(self, families: Iterable[Metric]) -> Iterator[Sample]:
        """Read all that any rule asks about."""
        for family in families:
            if any(family.name in rule.expression for rule in self.rules):
                for one in family.samples:
                    yield one.name, list(one.labels.items()), float(one.value)

    @property
    def _file(self) -> Path:
        return self.state_dir / "watchdog.json"

    def keep(self) -> None:
        """Write down what holds and who has been told, whatever happens to this process."""
        at, moment = self.history.moments[-1]
        kept = {
            "at": at,
            "samples": [
                [name, sorted(labels), value]
                for name, series in moment.items()
                for labels, value in series.items()
            ],
            "incidents": [asdict(one) for one in self.incidents.open.values()],
        }
        written = self._file.with_suffix(".new")
        written.write_text(json.dumps(kept), encoding="utf-8")
        written.replace(self._file)


def _moment(samples: Iterable[Sample]) -> Moment:
    moment: dict[str, Vector] = {}
    for name, labels, value in samples:
        moment.setdefault(name, {})[frozenset((key, text) for key, text in labels)] = value
    return moment


def told_as(one: Incident) -> Mapping[str, object]:
    """Tell it as a receiver of webhooks is posted it."""
    return {
        "type": "alert.over" if one.over_at is not None else "alert.began",
        "alert": one.rule,
        "labels": dict(one.labels),
        "severity": one.severity,
        "summary": one.sentence,
        "runbook": one.runbook,
        "since": one.since,
        "over_at": one.over_at,
    }
