"""The accounts at the providers as Prometheus reads them: answers, shares and switches."""

from collections.abc import Iterator, Mapping, Sequence

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from worker.measures import ACCOUNT_ANSWERS
from worker.store.account_health import SWITCHED, AccountShare

SWITCHES, SHARE = "account_switches", "account_share"
NAMES = (f"{ACCOUNT_ANSWERS.name}_total", f"{SWITCHES}_total", SHARE)
"""As they are shown, behind `outreach_`."""


class AccountsCollector(Collector):
    """Shows the accounts that anything was ever counted of.

    Args:
        tallies: the counts of all processes, by name.
        shares: the accounts that were ever given less than all.
    """

    def __init__(self, tallies: Mapping[str, int], shares: Sequence[AccountShare]) -> None:
        self._tallies = tallies
        self._shares = shares

    def collect(self) -> Iterator[CounterMetricFamily | GaugeMetricFamily]:
        """Three families."""
        yield self._counted(
            f"outreach_{ACCOUNT_ANSWERS.name}",
            ACCOUNT_ANSWERS.sentence,
            list(ACCOUNT_ANSWERS.labels),
            ACCOUNT_ANSWERS.tally((), ""),
        )
        yield self._counted(
            f"outreach_{SWITCHES}",
            "how often an account was given less of the traffic, or more again",
            ["account", "channel", "way"],
            SWITCHED,
        )
        gauge = GaugeMetricFamily(
            f"outreach_{SHARE}",
            "of a hundred requests of campaigns that list several accounts, how many go by this one",
            labels=["account", "channel"],
        )
        for one in self._shares:
            gauge.add_metric([one.account, one.channel.value], one.health.share)
        yield gauge

    def _counted(
        self, name: str, sentence: str, labels: list[str], prefix: str
    ) -> CounterMetricFamily:
        family = CounterMetricFamily(name, sentence, labels=labels)
        for tally, n in sorted(self._tallies.items()):
            if tally.startswith(prefix):
                family.add_metric(tally.removeprefix(prefix).split(":")[: len(labels)], n)
        return family


def show_accounts(
    tallies: Mapping[str, int], shares: Sequence[AccountShare], made: CollectorRegistry
) -> None:
    """Add the accounts to what a scrape is answered."""
    made.register(AccountsCollector(tallies, shares))
