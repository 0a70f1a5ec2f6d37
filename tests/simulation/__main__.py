"""`make simulate SEED=n`: the last line is one JSON object."""

import argparse
import json
import sys
from collections import Counter
from random import Random

from tests.programs import run_alone
from tests.simulation.campaigns import random_case
from tests.simulation.fairness import small_batch_slowdown
from tests.simulation.judge import misled, rate_error, wrongly_late
from tests.simulation.week import play, violations


def main() -> int:
    """Play the cases and print what was found."""
    parser = argparse.ArgumentParser(prog="simulate")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cases", type=int, default=60)
    chosen = parser.parse_args()
    random = Random(chosen.seed)  # noqa: S311  a seeded simulation, no secret
    broken, attempts, foretold, worst = 0, 0, 0, 0.0
    seen: Counter[str] = Counter()
    for number in range(chosen.cases):
        case = random_case(random, auto=number % 3 == 0)
        played = play(case, random)
        broke = violations(case, played)
        late, astray = wrongly_late(case, played), misled(case, played)
        error = rate_error(case, played)
        if broke or late or astray:
            faults = f"{broke} attempts break a rule, late: {late}, misled: {astray}"
            sys.stdout.write(f"case {number}: {faults}; {case}\n")
        broken += broke + late + astray
        foretold += bool(played.left and case.rate is None)
        attempts += len(played.attempts)
        worst = max(worst, error or 0.0)
        seen["auto-paced" if case.rate is None else "rated"] += 1
    sys.stdout.write(", ".join(f"{n} {kind} batches" for kind, n in seen.items()) + "\n")
    result = {
        "violations": broken,
        "foretold_to_be_late": foretold,
        "rate_error": round(worst, 4),
        "small_batch_slowdown": round(small_batch_slowdown(), 3),
        "attempts": attempts,
    }
    sys.stdout.write(json.dumps(result) + "\n")
    good = not broken and worst <= 0.01 and result["small_batch_slowdown"] <= 2
    return 0 if good else 1


if __name__ == "__main__":
    run_alone(main)
