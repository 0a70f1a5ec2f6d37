"""Opt-outs by every way against whatever begins contacts: `make prove` runs two thousand of these."""

import secrets
from random import Random

from sqlalchemy import Engine

from tests.prove.races import race, run
from worker.domain.statuses import Channel

RACES = 20


def test_no_contact_begins_after_an_opt_out_is_stored(engine: Engine) -> None:
    seed = secrets.randbelow(10_000)

    tally = run(engine, RACES, Random(seed))  # noqa: S311  a seed, not a secret

    assert tally.races.total() == RACES
    assert tally.before.total() > 0, f"seed {seed}: begin never came first"
    assert tally.after.total() == 0, f"seed {seed}: {tally.after}"


def test_the_judge_sees_an_opt_out_that_nobody_hears(engine: Engine) -> None:
    found = race(engine, Random(7), "begin", Channel.EMAIL, lambda *_: None)  # noqa: S311  as above

    assert found[True] >= 1
