from sqlalchemy import Engine

from tests.sessions import Beside
from worker.store import halts
from worker.store.connect import in_transaction


def halt(engine: Engine, reason: str = "no funds") -> bool:
    return in_transaction(engine, halts.halt, "channel", "voice", reason, "provider")


def test_a_halt_stands_until_it_is_lifted(engine: Engine) -> None:
    assert halt(engine)
    assert [row.key for row in in_transaction(engine, halts.in_force)] == ["voice"]

    assert in_transaction(engine, halts.resume, "channel", "voice")
    assert in_transaction(engine, halts.in_force) == []


def test_a_second_halt_keeps_the_first_reason(engine: Engine) -> None:
    halt(engine, "no funds")

    assert not halt(engine, "suspended")
    assert in_transaction(engine, halts.in_force)[0].reason == "no funds"


def test_lifting_one_halt_leaves_the_others(engine: Engine) -> None:
    kept: list[tuple[halts.Scope, str]] = [("all", ""), ("channel", "sms"), ("campaign", "voice")]
    halt(engine)
    with engine.begin() as connection:
        for scope, key in kept:
            halts.halt(connection, scope, key, "no funds", "provider")

    assert in_transaction(engine, lambda c: halts.resume(c, "channel", "voice"))

    left = in_transaction(engine, halts.in_force)
    assert {(row.scope, row.key) for row in left} == set(kept)


def test_lifting_what_was_not_halted_says_so(engine: Engine) -> None:
    assert not in_transaction(engine, halts.resume, "all", "")


def test_two_halts_at_the_same_time_are_one(engine: Engine) -> None:
    def step() -> None:
        with Beside(
            engine, lambda c: halts.halt(c, "channel", "voice", "suspended", "provider")
        ) as second:
            second.wait_until_blocked()
            first.commit()
            assert not second.result()

    with engine.begin() as first:
        assert halts.halt(first, "channel", "voice", "no funds", "provider")
        step()
    assert len(in_transaction(engine, halts.in_force)) == 1
