"""Every region's numbers in every spelling: how many are read, and whether any is read as another.

`python -m tests.prove.numbers --n 1000000 --seed 7` prints a table and exits with 1 where a rate is
missed. The truth is the number that was spelled, never what our own reading makes of the text.
"""

import argparse
import secrets
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberFormat, PhoneNumberType

from worker.domain.statuses import Mode
from worker.domain.targets import Unreachable, normalize

REGIONS = sorted(phonenumbers.SUPPORTED_REGIONS)
TYPES = [kind for kind in PhoneNumberType.values() if kind != PhoneNumberType.UNKNOWN]
INTERNATIONAL_RATE, NATIONAL_RATE = 0.999, 0.99
SPELLINGS = 8
"""Of each number, about: some regions lack some types."""
SEPARATORS = (" ", "-", ".", "\u00a0", "\u2011", " - ")
WORDS = (
    *(
        "Tel",
        "Frau",
        "(Frau)",
        "ID",
        "STOP",
        "home",
        "x",
        "ext. 12",
        "#4",
        "a.m.",
        "mobil:",
        "=",
        "?",
    ),
    *("дом", "電話", "هاتف", "und", ", ", "; ", " or ", "*", "&", "@", "\u20ac", "+", "\n"),
)
TAILS = ("/68", " / 69", "(2)", " (2)", "/1234567", "; 12", ".0", "-")


@dataclass(slots=True)
class Tally:
    """What became of the spellings of one region."""

    read: Counter[str] = field(default_factory=Counter)
    tried: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    wrong: list[tuple[str, str, str]] = field(default_factory=list)
    """Region, kind of spelling, and what was read; never the text."""

    def note(self, region: str, kind: str, text: str, default: str | None, truth: str) -> None:
        """Read one spelling, and write down what it became."""
        self.tried[kind] += 1
        match normalize(Mode.VOICE, text, default):
            case Unreachable(reason):
                self.refused[reason] += 1
            case found if found == truth:
                self.read[kind] += 1
            case found:
                self.wrong.append((region, f"{kind}: {text}", found))

    def rate(self, kind: str) -> float:
        """The share that was read."""
        return self.read[kind] / self.tried[kind] if self.tried[kind] else 1.0


def draw_number(random: Random, region: str) -> PhoneNumber | None:
    """A valid number of the region, of any type: an example with other last digits."""
    example = phonenumbers.example_number_for_type(region, random.choice(TYPES))
    if example is None:
        return None
    national = phonenumbers.national_significant_number(example)
    for _ in range(20):
        keep = max(1, len(national) - random.randint(1, 5))
        tail = "".join(str(random.randrange(10)) for _ in range(len(national) - keep))
        text = f"+{example.country_code}{national[:keep]}{tail}"
        number = phonenumbers.parse(text)
        if phonenumbers.is_valid_number_for_region(number, region):
            return number
    return example


def spell(random: Random, region: str, number: PhoneNumber) -> Iterator[tuple[str, str]]:
    """Kinds of spelling and the text of each."""
    for kind, form in (
        ("international", PhoneNumberFormat.E164),
        ("international", PhoneNumberFormat.INTERNATIONAL),
        ("international", PhoneNumberFormat.RFC3966),
        ("national", PhoneNumberFormat.NATIONAL),
    ):
        text = phonenumbers.format_number(number, form)
        yield kind, text
        separator = random.choice(SEPARATORS)
        yield kind, text.replace("tel:", "").replace("-", " ").replace(" ", separator)
    yield "international", phonenumbers.format_out_of_country_calling_number(number, region)


def try_region(random: Random, region: str, n: int) -> Tally:
    """Draw numbers of a region and read them, among its own people and among others."""
    tally = Tally()
    for _ in range(n):
        number = draw_number(random, region)
        if number is None:
            continue
        truth = phonenumbers.format_number(number, PhoneNumberFormat.E164)
        for kind, text in spell(random, region, number):
            tally.note(region, kind, text, region, truth)
        tally.note(region, "without its plus", truth[1:], region, truth)
        for other in (random.choice(REGIONS), "US", "DE"):
            tally.note(region, "without its plus, abroad", truth[1:], other, truth)
            tally.note(region, "with words", _with_words(random, truth), other, truth)
    return tally


def _with_words(random: Random, text: str) -> str:
    """More than one number's digits: words or another number before, behind or between."""
    if random.random() < 0.2:
        return text + random.choice(TAILS)
    word = random.choice((*WORDS, " " + str(random.randrange(10**6, 10**9)) + " +"))
    at = random.choice((0, len(text), random.randrange(1, len(text))))
    gap = random.choice(("", " "))
    return text[:at] + gap + word + gap + text[at:]


def missed(region: str, tally: Tally) -> list[str]:
    """The rates that a region misses, and every number that was read as another's."""
    found = [f"{region}: read as another: {kind}: {read}" for _, kind, read in tally.wrong]
    for kind, least in (("international", INTERNATIONAL_RATE), ("national", NATIONAL_RATE)):
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
    return _print(chosen.seed, tallies)


def _print(seed: int, tallies: dict[str, Tally]) -> int:
    total: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for tally in tallies.values():
        for name in ("read", "tried", "refused"):
            total[name].update(getattr(tally, name))
    lines = [f"seed {seed}, {len(tallies)} regions, {total['tried'].total():,} spellings", ""]
    lines += [
        f"{kind}: {total['read'][kind]:,} of {n:,} read" for kind, n in total["tried"].most_common()
    ]
    lines += ["", "refused:", *(f"{n:>9,}  {why}" for why, n in total["refused"].most_common()), ""]
    broken = [line for region, tally in tallies.items() for line in missed(region, tally)]
    lines += broken or ["no number was read as another, and every region's rates hold"]
    sys.stdout.write("\n".join(lines) + "\n")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
