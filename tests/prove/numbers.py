"""Every region's numbers in every spelling: how many are read, and whether any is read as another.

`python -m tests.prove.numbers --n 1000000 --seed 7` prints tables and exits with 1 where a rate is
missed. The truth is the number that was spelled, never what our own reading makes of the text.
"""

import argparse
import secrets
import sys
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from random import Random

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberFormat

from tests.programs import run_alone
from tests.prove.spellings import (
    BESIDE,
    draw_number,
    grouped_by_hand,
    is_direct_dial,
    is_spelling_of,
    spell,
    with_words,
)
from worker.domain.recipients.targets import Unreachable, normalize
from worker.domain.statuses import Channel

REGIONS = sorted(phonenumbers.SUPPORTED_REGIONS)
RATES = {"international": 0.999, "national": 0.99}
"""The least that must be read in each region."""
SPELLINGS = 22
"""Of each number, about: some regions lack some types."""
SHOWN = 5
TRIED = {
    "international": "E.164, spaced, RFC 3966, other separators, with the region's own prefix abroad",
    "national": "in each region's own grouping and with other separators",
    "grouped by hand": "national, behind its first group in pairs, threes, fours or one piece",
    "without its plus": "in the number's own region",
    "without its plus, abroad": "in another region's list",
    "with words": "a word, a second number, decimals, an extension before, behind or in between",
    "with a tail": "a digit, two or three behind each of the first two kinds, by every separator",
    "behind its place in a list": "1 to 9999 before each of the first two kinds",
    "behind a prefix too many": "0, 00, 9, 8, 1 before each of the first two kinds",
}


@dataclass(slots=True)
class Tally:
    """What became of the spellings of one region."""

    read: Counter[str] = field(default_factory=Counter)
    tried: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    wrong: list[tuple[str, str, str]] = field(default_factory=list)
    """Region, kind of spelling with the text, and what was read."""

    def note(self, region: str, kind: str, text: str, default: str | None, truth: str) -> None:
        """Read one spelling, and write down what it became."""
        self.tried[kind] += 1
        match normalize(Channel.VOICE, text, default):
            case Unreachable(reason):
                self.refused[reason.partition(":")[0]] += 1
            case found if found == truth:
                self.read[kind] += 1
            case found:
                self.wrong.append((region, f"{kind}: {text}", found))

    def rate(self, kind: str) -> float:
        """The share that was read."""
        return self.read[kind] / self.tried[kind] if self.tried[kind] else 1.0


def try_region(random: Random, region: str, n: int) -> Tally:
    """Draw numbers of a region and read them, among its own people and among others."""
    tally = Tally()
    for _ in range(n):
        if (number := draw_number(random, region)) is not None:
            _try_number(random, region, number, tally)
    return tally


def _try_number(random: Random, region: str, number: PhoneNumber, tally: Tally) -> None:
    truth = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    for kind, text in spell(random, region, number):
        tally.note(region, kind, text, region, truth)
        for beside, put in BESIDE.items():
            _try_beside(beside, put(random, text), number, region, tally)
    tally.note(region, "grouped by hand", grouped_by_hand(random, number), region, truth)
    tally.note(region, "without its plus", truth[1:], region, truth)
    for other in (random.choice(REGIONS), "US", "DE"):
        tally.note(region, "without its plus, abroad", truth[1:], other, truth)
        tally.note(region, "with words", with_words(random, truth), other, truth)


def _try_beside(kind: str, text: str, number: PhoneNumber, region: str, tally: Tally) -> None:
    """Where the text is just how another number is written, or a direct dial, there is no truth."""
    found = normalize(Channel.VOICE, text, region)
    if is_direct_dial(text, number) or (
        isinstance(found, str) and is_spelling_of(text, found, region)
    ):
        tally.tried["of two truths"] += 1
        return
    truth = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    tally.note(region, kind, text, region, truth)


def missed(region: str, tally: Tally) -> list[str]:
    """The rates that a region misses, and every number that was read as another's."""
    found = [f"{region}: read as another: {kind}: {read}" for _, kind, read in tally.wrong]
    for kind, least in RATES.items():
        if tally.rate(kind) < least:
            found.append(f"{region}: {tally.rate(kind):.2%} of its {kind} spellings were read")
    return found


def main() -> int:
    """Try every region and print what became of it."""
    parser = argparse.ArgumentParser(prog="python -m tests.prove.numbers", description=__doc__)
    parser.add_argument("--n", type=int, default=1_000_000, help="spellings, over all regions")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10_000))
    chosen = parser.parse_args()
    random = Random(chosen.seed)  # noqa: S311  a run to be repeated, not a secret
    tallies = {
        one: try_region(random, one, chosen.n // len(REGIONS) // SPELLINGS + 1) for one in REGIONS
    }
    broken = [line for region, tally in tallies.items() for line in missed(region, tally)]
    lines = [*_told(chosen.seed, tallies), *(broken or ["Every region's rates hold."])]
    sys.stdout.write("\n".join(lines) + "\n")
    return 1 if broken else 0


def _told(seed: int, tallies: dict[str, Tally]) -> list[str]:
    total: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for tally in tallies.values():
        for name in ("read", "tried", "refused"):
            total[name].update(getattr(tally, name))
    wrong = sum(len(one.wrong) for one in tallies.values())
    refused = (f"| {why} | {n:,} |" for why, n in total["refused"].most_common())
    return [
        f"## Numbers: {total['tried'].total():,} spellings over {len(tallies)} regions, seed {seed}",
        "",
        *("| spelling | read | tried | regions that are read least |", "|---|---|---|---|"),
        *(_row(kind, total, tallies) for kind in TRIED),
        "",
        (
            f"Read as another number: {wrong:,}. Not judged, being just how another number or a "
            f"direct dial is written: {total['tried']['of two truths']:,}."
        ),
        *("", "| refused: it … | spellings |", "|---|---|", *refused, ""),
    ]


def _row(kind: str, total: dict[str, Counter[str]], tallies: dict[str, Tally]) -> str:
    least = sorted((one.rate(kind), region) for region, one in tallies.items())[:SHOWN]
    worst = ", ".join(f"{region} {rate:.1%}" for rate, region in least if rate < 1)
    shown = (worst or "none") if kind in RATES or kind == "grouped by hand" else ""
    what = f"{kind}: {TRIED[kind]}"
    return f"| {what} | {total['read'][kind]:,} | {total['tried'][kind]:,} | {shown} |"


if __name__ == "__main__":
    run_alone(main)
