"""A file as an operator's export looks: people of several countries, some twice, some unreachable.

The numbers are drawn from the numbering plans' own ranges, so that most are valid; the same seed and
count give the same file.
"""

import csv
import random
from collections.abc import Iterator
from pathlib import Path

HEADER = ("reference_id", "target", "first_name", "amount", "due_on", "branch", "note")
NAMES = ("Ana", "Ben", "Chloé", "Dmitri", "Eszter", "Farouk", "Grace", "Hồng", "Ines", "José")
BRANCHES = ("Austin", "Berlin Mitte", "Lyon 3", "Leeds", "Sevilla", "Monterrey")
TWICE, INVALID, REPEATED = 0.01, 0.01, 0.001
"""The share of rows with an earlier row's number, with no number, and with a used reference_id."""

US_AREAS = ("201", "212", "305", "312", "415", "512", "617", "713", "786", "917")
CA_AREAS = ("416", "514", "604", "613")
ABROAD = (
    "+44 7400 ######",
    "+44 7700 ######",
    "+4915########",
    "+4917########",
    "+33 6 ## ## ## ##",
    "+346########",
    "+52 55 #### ####",
    "+52 81 #### ####",
)
FAULTS = ("", "none", "unknown", "512 555", "+1 200 555 0100", "+999 1234 5678", "call the desk")


def write(path: Path, count: int, *, seed: int = 4) -> None:
    """Write a file of `count` rows."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        writer.writerows(_rows(count, random.Random(seed)))  # noqa: S311  no secret is drawn


def _rows(count: int, dice: random.Random) -> Iterator[tuple[str, ...]]:
    recent = ["+15125550100"]
    for at in range(count):
        reference = at - 1 if at and dice.random() < REPEATED else at
        target = _target(dice, recent)
        yield (
            f"C-{reference:09d}",
            target,
            dice.choice(NAMES),
            f"{dice.randrange(1, 90_000) / 100:.2f}",
            f"2026-12-{dice.randrange(1, 29):02d}",
            dice.choice(BRANCHES),
            f"account {dice.randrange(10**7)}, reminder {dice.randrange(1, 4)}",
        )


def _target(dice: random.Random, recent: list[str]) -> str:
    chance = dice.random()
    if chance < TWICE:
        return dice.choice(recent)
    if chance < TWICE + INVALID:
        return dice.choice(FAULTS)
    target = _number(dice)
    recent.append(target)
    del recent[:-100]
    return target


def _number(dice: random.Random) -> str:
    """More than half of the numbers are American, in the forms people write them."""
    where = dice.random()
    if where < 0.5:
        return _american(dice, US_AREAS)
    if where < 0.6:
        return _american(dice, CA_AREAS)
    form = dice.choice(ABROAD)
    return "".join(dice.choice("0123456789") if char == "#" else char for char in form)


def _american(dice: random.Random, areas: tuple[str, ...]) -> str:
    area, exchange, line = dice.choice(areas), dice.randrange(200, 999), dice.randrange(10**4)
    match dice.randrange(4):
        case 0:
            return f"+1{area}{exchange}{line:04d}"
        case 1:
            return f"({area}) {exchange}-{line:04d}"
        case 2:
            return f"{area}-{exchange}-{line:04d}"
        case _:
            return f"+1 {area} {exchange} {line:04d}"
