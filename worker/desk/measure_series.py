"""The measures of all processes, as histograms and counters of one place."""

from collections.abc import Iterator, Mapping
from itertools import accumulate

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

from worker.measures import INFINITE, MEASURES, MICROSECONDS, SUM, Labels, Measure


class MeasuresCollector(Collector):
    """Shows what the tallies of measures add up to.

    Args:
        tallies: the counts of all processes, by name.
    """

    def __init__(self, tallies: Mapping[str, int]) -> None:
        self._tallies = tallies

    def collect(self) -> Iterator[HistogramMetricFamily | CounterMetricFamily]:
        """Every measure with every series, those without a count too."""
        for measure in MEASURES:
            yield self._histogram(measure) if measure.bounds else self._counter(measure)

    def _counter(self, measure: Measure) -> CounterMetricFamily:
        name = f"outreach_{measure.name}"
        family = CounterMetricFamily(name, measure.sentence, labels=list(measure.labels))
        for labels in measure.series:
            family.add_metric(labels, self._of(measure, labels, "n"))
        return family

    def _histogram(self, measure: Measure) -> HistogramMetricFamily:
        name = f"outreach_{measure.name}"
        family = HistogramMetricFamily(name, measure.sentence, labels=list(measure.labels))
        for labels in measure.series:
            parts = [*map(str, measure.bounds), INFINITE]
            counts = accumulate(self._of(measure, labels, part) for part in parts)
            bounds = [*map(str, measure.bounds), "+Inf"]
            buckets = list(zip(bounds, counts, strict=True))
            family.add_metric(labels, buckets, self._of(measure, labels, SUM) / MICROSECONDS)
        return family

    def _of(self, measure: Measure, labels: Labels, part: str) -> int:
        return self._tallies.get(measure.tally(labels, part), 0)


def show_measures(tallies: Mapping[str, int], made: CollectorRegistry) -> None:
    """Add the measures of all processes to what a scrape is answered."""
    made.register(MeasuresCollector(tallies))
