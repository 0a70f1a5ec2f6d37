"""A suppression is a row per act: none takes another's place, and a lift ends one and no other."""

from collections.abc import Callable, Iterator
from itertools import permutations

import pytest
from sqlalchemy import Connection, Engine, func, insert, select, text, update
from sqlalchemy.exc import IntegrityError, OperationalError

from tests.factories import ANA, allow_recipient, make_recipient, read
from tests.sessions import Beside
from worker.desk.opt_outs import hear_stop
from worker.desk.suppression_lifts import explain_suppressed, lift_suppression
from worker.desk.suppressions import import_suppressed, suppress_recipient
from worker.domain.consent.suppression import Act
from worker.domain.errors import FileFault
from worker.domain.statuses import Channel, SuppressReason
from worker.store import schema, suppression_acts, suppressions
from worker.store.connect import in_transaction

NUMBER = "+15125550140"
BOUNCED, UNSUBSCRIBED = SuppressReason.BOUNCED, SuppressReason.UNSUBSCRIBED


def by_import(engine: Engine) -> None:
    import_suppressed(engine, Channel.SMS, [(1, NUMBER)], reason=UNSUBSCRIBED, by=ANA)


def by_operator(engine: Engine) -> None:
    suppress_recipient(engine, Channel.SMS, NUMBER, reason=UNSUBSCRIBED, by=ANA)


def by_stop(engine: Engine) -> None:
    assert hear_stop(engine, NUMBER, "SM1")


def by_event(engine: Engine) -> None:
    act = Act("undelivered", "SM2:undelivered:21610")
    in_transaction(engine, suppressions.suppress, Channel.SMS, NUMBER, UNSUBSCRIBED, act)


WAYS = (by_import, by_operator, by_stop, by_event)


def in_force(engine: Engine) -> list[str]:
    told = explain_suppressed(engine, Channel.SMS, NUMBER)
    return [one.source for one in told if one.lifted_at is None]


def stands(engine: Engine, recipient: int) -> str | None:
    found: str | None = read(engine, schema.recipient, recipient)["suppress_reason"]
    return found


@pytest.mark.parametrize(
    ("first", "second"), list(permutations(WAYS, 2)), ids=lambda way: way.__name__
)
def test_a_lift_ends_one_act_and_leaves_what_stands_beside_it(
    engine: Engine, first: Callable[[Engine], None], second: Callable[[Engine], None]
) -> None:
    recipient = make_recipient(engine, channel=Channel.SMS, address=NUMBER)
    first(engine)
    second(engine)
    one, other = explain_suppressed(engine, Channel.SMS, NUMBER)

    lift_suppression(engine, one.id, by=ANA, why="a typo")

    assert in_force(engine) == [other.source]
    row = read(engine, schema.recipient, recipient)
    assert (row["suppressed_at"], row["suppress_reason"]) == (other.suppressed_at, "unsubscribed")
    lift_suppression(engine, other.id, by=ANA)
    assert stands(engine, recipient) is None


def test_an_act_that_is_told_again_after_its_lift_has_no_effect(engine: Engine) -> None:
    recipient = make_recipient(engine, channel=Channel.SMS, address=NUMBER)
    by_event(engine)
    allow_recipient(engine, Channel.SMS, NUMBER)

    by_event(engine)

    assert stands(engine, recipient) is None


def test_a_lift_is_remembered_and_not_written_over(engine: Engine) -> None:
    by_operator(engine)
    [row] = explain_suppressed(engine, Channel.SMS, NUMBER)

    lift_suppression(engine, row.id, by=ANA, why="asked by phone")
    lift_suppression(engine, row.id, by="bo@example.com", why="again")
    assert in_transaction(engine, suppression_acts.lift, [row.id], by="bo@x.test", why=None) == 0

    [row] = explain_suppressed(engine, Channel.SMS, NUMBER)
    assert (row.lifted_by, row.lifted_why) == (ANA, "asked by phone")


def test_an_opt_out_is_what_is_told_whatever_came_first(engine: Engine) -> None:
    recipient = make_recipient(engine, channel=Channel.SMS, address=NUMBER)
    suppress_recipient(engine, Channel.SMS, NUMBER, reason=BOUNCED, by=ANA)
    by_stop(engine)
    assert stands(engine, recipient) == "unsubscribed"
    bounce, stop = explain_suppressed(engine, Channel.SMS, NUMBER)

    lift_suppression(engine, stop.id, by=ANA)

    row = read(engine, schema.recipient, recipient)
    assert (row["suppressed_at"], row["suppress_reason"]) == (bounce.suppressed_at, "bounced")


def test_the_first_opt_out_that_stands_is_the_one_told(engine: Engine) -> None:
    recipient = make_recipient(engine, channel=Channel.SMS, address=NUMBER)
    suppress_recipient(engine, Channel.SMS, NUMBER, reason=BOUNCED, by=ANA)
    for way in (by_stop, by_event, by_operator):
        way(engine)
    _, stop, event, operator = explain_suppressed(engine, Channel.SMS, NUMBER)

    assert read(engine, schema.recipient, recipient)["suppressed_at"] == stop.suppressed_at
    lift_suppression(engine, operator.id, by=ANA)
    assert read(engine, schema.recipient, recipient)["suppressed_at"] == stop.suppressed_at
    lift_suppression(engine, stop.id, by=ANA)
    assert read(engine, schema.recipient, recipient)["suppressed_at"] == event.suppressed_at


def listed(count: int) -> Iterator[tuple[int, str]]:
    yield from ((n, f"+1512555{n:04}") for n in range(count))


def test_a_long_list_is_stored_in_portions_and_passed_over_when_it_comes_again(
    engine: Engine,
) -> None:
    first = import_suppressed(engine, Channel.SMS, listed(9_000), reason=UNSUBSCRIBED, by=ANA)
    again = import_suppressed(engine, Channel.SMS, listed(9_001), reason=UNSUBSCRIBED, by=ANA)

    assert (first.named, first.new, first.faults) == (9_000, 9_000, [])
    assert (again.named, again.new) == (9_001, 1)
    with engine.begin() as connection:
        moments = select(schema.suppression.c.at).distinct()
        assert len(connection.execute(moments).all()) == 3


def test_every_portion_of_a_list_is_planned_for_itself(engine: Engine) -> None:
    """A plan that is kept knows no array's length: from the twelfth portion on each took a minute."""

    def portion(connection: Connection) -> str:
        acts = [(NUMBER, Act("list:dnc", "1"))]
        suppressions.suppress_all(connection, Channel.SMS, acts, UNSUBSCRIBED, once=True)
        return str(connection.scalar(text("SHOW plan_cache_mode")))

    assert in_transaction(engine, portion) == "force_custom_plan"
    with engine.begin() as connection:
        assert connection.scalar(text("SHOW plan_cache_mode")) == "auto"


def test_what_was_stored_before_a_break_stands(engine: Engine) -> None:
    def broken() -> Iterator[tuple[int, str]]:
        yield from listed(5_000)
        raise FileFault("it is not UTF-8")

    with pytest.raises(FileFault):
        import_suppressed(engine, Channel.SMS, broken(), reason=UNSUBSCRIBED, by=ANA)

    assert (
        import_suppressed(engine, Channel.SMS, listed(6_000), reason=UNSUBSCRIBED, by=ANA).new
        == 1_000
    )


def test_an_act_that_comes_while_another_is_lifted_stands(engine: Engine) -> None:
    recipient = make_recipient(engine, channel=Channel.SMS, address=NUMBER)
    by_operator(engine)
    [row] = explain_suppressed(engine, Channel.SMS, NUMBER)
    act = Act("stop", "SM9")

    def stop(connection: Connection) -> None:
        suppressions.suppress(connection, Channel.SMS, NUMBER, UNSUBSCRIBED, act)

    with engine.begin() as lifting:
        suppressions.lock(lifting, [Channel.SMS], [NUMBER])
        with Beside(engine, stop) as phone:
            phone.wait_until_blocked()
            lifting.rollback()
            lift_suppression(engine, row.id, by=ANA)
    assert in_force(engine) == ["stop"]
    assert stands(engine, recipient) == "unsubscribed"


def test_a_lift_waits_for_an_act_under_way_and_leaves_it_in_force(engine: Engine) -> None:
    recipient = make_recipient(engine, channel=Channel.SMS, address=NUMBER)
    by_operator(engine)
    [row] = explain_suppressed(engine, Channel.SMS, NUMBER)

    with engine.begin() as stopping:
        act = Act("stop", "SM9")
        suppressions.suppress(stopping, Channel.SMS, NUMBER, UNSUBSCRIBED, act)
        with Beside(engine, lambda _: lift_suppression(engine, row.id, by=ANA)) as office:
            office.wait_until_blocked()
            stopping.commit()
            office.result()

    assert in_force(engine) == ["stop"]
    assert stands(engine, recipient) == "unsubscribed"


def test_whom_somebody_else_makes_known_meanwhile_is_locked_too(engine: Engine) -> None:
    def lock(connection: Connection) -> None:
        suppressions.lock(connection, [Channel.SMS], [NUMBER])
        with engine.begin() as begin, pytest.raises(OperationalError):
            begin.execute(
                select(schema.recipient.c.id).with_for_update(nowait=True, key_share=True)
            )

    with engine.begin() as upload:
        upload.execute(insert(schema.recipient).values(channel="sms", identity=NUMBER))
        with Beside(engine, lock) as phone:
            phone.wait_until_blocked()
            upload.commit()
            phone.result()


def test_who_was_lifted_by_hand_and_is_listed_again_is_suppressed_again(engine: Engine) -> None:
    recipient = make_recipient(engine, channel=Channel.SMS, address=NUMBER)
    by_import(engine)
    assert allow_recipient(engine, Channel.SMS, NUMBER)

    by_import(engine)

    assert stands(engine, recipient) == "unsubscribed"


WRONG: dict[str, dict[str, object]] = {
    "lifted by nobody": {"lifted_at": func.now()},
    "on no channel": {"channels": ["pigeon"]},
    "for no reason": {"reason": "mood"},
}


@pytest.mark.parametrize("values", WRONG.values(), ids=WRONG)
def test_the_database_refuses_a_row(engine: Engine, values: dict[str, object]) -> None:
    by_operator(engine)

    with pytest.raises(IntegrityError), engine.begin() as connection:
        connection.execute(update(schema.suppression).values(**values))
