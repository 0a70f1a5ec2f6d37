"""A new edition of a list lifts whom the last one had and it lacks: of this list alone, never by mistake."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

import pytest
from sqlalchemy import Engine, select, text

from tests.factories import ANA
from tests.sessions import Beside
from worker.desk.audit import list_audit
from worker.desk.opt_outs import hear_stop
from worker.desk.suppression_lifts import explain_suppressed, lift_suppression
from worker.desk.suppression_lists import (
    IncompleteEdition,
    ListBusy,
    UnexpectedLift,
    lift_missing,
    missing_in,
    taking_turns,
)
from worker.desk.suppressions import AT_ONCE, Imported, import_suppressed, suppress_recipient
from worker.domain.audit import Deed
from worker.domain.consent.suppression import Act, SuppressScope, list_source
from worker.domain.errors import WrongFields
from worker.domain.statuses import Channel, SuppressReason
from worker.store import schema, suppression_lists, suppressions
from worker.store.connect import StoreUnavailable, connect

DNC = list_source("dnc")
UNSUBSCRIBED = SuppressReason.UNSUBSCRIBED
NUMBERS = [f"+1512555{n:04}" for n in range(100)]
GONE = NUMBERS[:3]


_END_THE_TURN = text("""
    SELECT pg_terminate_backend(pid, 5000) FROM pg_locks WHERE locktype = 'advisory'
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
""")
Connects = Callable[..., Engine]


@pytest.fixture
def again(engine: Engine) -> Iterator[Connects]:
    """Another engine for the same store, which hangs up after the test."""
    made: list[Engine] = []

    def connect_again(**options: Any) -> Engine:
        made.append(connect(engine.url.render_as_string(hide_password=False), **options))
        return made[-1]

    yield connect_again
    for one in made:
        one.dispose()


@pytest.fixture
def patient(again: Connects) -> Engine:
    """The store as an import has it that waits for its file."""
    return again(guarded=False)


def store(
    engine: Engine,
    numbers: Iterable[str],
    *,
    source: str = DNC,
    channel: Channel = Channel.SMS,
    reason: SuppressReason = UNSUBSCRIBED,
) -> Imported:
    lines = enumerate(numbers, start=1)
    return import_suppressed(engine, channel, lines, reason=reason, by=ANA, source=source)


def replace(
    engine: Engine,
    patient: Engine,
    numbers: Iterable[str],
    *,
    most: int | None = None,
    channel: Channel = Channel.SMS,
    reason: SuppressReason = UNSUBSCRIBED,
) -> int:
    with taking_turns(patient, DNC) as turn:
        imported = store(engine, numbers, channel=channel, reason=reason)
        return lift_missing(turn, missing_in(turn, channel, imported), by=ANA, most=most)


def in_force(engine: Engine, number: str, channel: Channel = Channel.SMS) -> list[str]:
    return [
        one.source for one in explain_suppressed(engine, channel, number) if one.lifted_at is None
    ]


def is_suppressed(engine: Engine, number: str) -> bool:
    whom = schema.recipient.c.identity == number, schema.recipient.c.channel == Channel.SMS
    with engine.begin() as connection:
        return connection.scalar(select(schema.recipient.c.suppressed_at).where(*whom)) is not None


def test_a_new_edition_lifts_whom_it_lacks_and_nobody_else(engine: Engine, patient: Engine) -> None:
    store(engine, NUMBERS)

    lifted = replace(engine, patient, [*NUMBERS[3:], "+15125550900"])

    assert lifted == 3
    assert not any(is_suppressed(engine, one) for one in GONE)
    assert all(is_suppressed(engine, one) for one in [*NUMBERS[3:], "+15125550900"])
    [row] = explain_suppressed(engine, Channel.SMS, NUMBERS[0])
    assert (row.lifted_by, row.lifted_why) == (ANA, "missing in the newest edition of dnc")


def test_whatever_else_keeps_them_from_being_contacted_stands(
    engine: Engine, patient: Engine
) -> None:
    store(engine, NUMBERS)
    store(engine, [NUMBERS[0]], source=list_source("dnc2"))
    store(engine, [NUMBERS[1]], source="import")
    hear_stop(engine, NUMBERS[2], "SM1")
    suppress_recipient(engine, Channel.SMS, NUMBERS[3], reason=UNSUBSCRIBED, by=ANA)
    store(engine, [NUMBERS[4]], channel=Channel.VOICE)

    assert replace(engine, patient, NUMBERS[5:]) == 5

    stands = [in_force(engine, one) for one in NUMBERS[:4]]
    assert stands == [["list:dnc2"], ["import"], ["stop"], ["operator"]]
    assert all(is_suppressed(engine, one) for one in NUMBERS[:4])
    assert in_force(engine, NUMBERS[4], Channel.VOICE) == [DNC]
    assert not is_suppressed(engine, NUMBERS[4])


def test_more_than_a_tenth_must_be_named_by_its_number_however_often_it_is_tried(
    engine: Engine, patient: Engine
) -> None:
    store(engine, NUMBERS)
    wrong = [f"+1512556{n:04}" for n in range(2_000)]

    for most in (None, None, 99, 101):
        with pytest.raises(UnexpectedLift, match=r"100 of 100.*--lift 100$"):
            replace(engine, patient, wrong, most=most)

    assert all(is_suppressed(engine, one) for one in NUMBERS)
    assert replace(engine, patient, wrong, most=100) == 100


def test_another_number_than_the_one_named_is_refused_also_where_it_is_small(
    engine: Engine, patient: Engine
) -> None:
    store(engine, NUMBERS)

    with pytest.raises(UnexpectedLift):
        replace(engine, patient, NUMBERS[3:], most=2)
    assert replace(engine, patient, NUMBERS[3:], most=3) == 3


def test_a_tenth_is_not_more_than_a_tenth(engine: Engine, patient: Engine) -> None:
    store(engine, NUMBERS)

    assert replace(engine, patient, NUMBERS[10:]) == 10
    with pytest.raises(UnexpectedLift):
        replace(engine, patient, NUMBERS[20:])


def test_a_line_that_names_nobody_stops_the_lift_but_not_the_import(
    engine: Engine, patient: Engine
) -> None:
    store(engine, NUMBERS)

    with pytest.raises(IncompleteEdition, match="1 lines name nobody"):
        replace(engine, patient, [*NUMBERS[3:], "+15125550900", "+1512"])

    assert is_suppressed(engine, "+15125550900")
    assert all(is_suppressed(engine, one) for one in GONE)


def test_an_edition_that_was_broken_off_is_repeated(engine: Engine, patient: Engine) -> None:
    store(engine, NUMBERS)

    def broken_off() -> Iterator[str]:
        yield from ["+15125550900"] * AT_ONCE
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        replace(engine, patient, broken_off())

    assert is_suppressed(engine, "+15125550900")
    assert is_suppressed(engine, GONE[0])
    assert replace(engine, patient, [*NUMBERS[3:], "+15125550900"]) == 3
    assert replace(engine, patient, [*NUMBERS[3:], "+15125550900"]) == 0


def test_one_list_is_written_by_one_import_at_a_time(again: Connects) -> None:
    patient, other = again(guarded=False), again(guarded=False)
    with taking_turns(patient, DNC):
        with pytest.raises(ListBusy, match=r"^dnc is being imported"), taking_turns(other, DNC):
            pass
        with taking_turns(other, list_source("dnc2")):
            pass
    with taking_turns(other, DNC):
        pass


def test_a_turn_that_was_lost_lifts_nobody(engine: Engine, patient: Engine) -> None:
    store(engine, NUMBERS)

    def while_the_turn_is_lost() -> Iterator[str]:
        yield from NUMBERS[3:]
        with engine.begin() as connection:
            assert connection.scalar(_END_THE_TURN)

    with pytest.raises(StoreUnavailable):
        replace(engine, patient, while_the_turn_is_lost())

    assert all(is_suppressed(engine, one) for one in GONE)


def test_who_says_stop_while_they_are_lifted_stays_suppressed(
    engine: Engine, patient: Engine
) -> None:
    store(engine, NUMBERS)
    step = partial(suppression_lists.lift, rows=range(1, 101), by=ANA, why="a race")
    with engine.begin() as phone:
        act = Act("stop", "SM9")
        suppressions.suppress(phone, Channel.SMS, GONE[0], UNSUBSCRIBED, act)
        with Beside(patient, step) as lifting:
            lifting.wait_until_blocked()
            phone.commit()
            lifting.result()

    assert is_suppressed(engine, GONE[0])
    assert not is_suppressed(engine, GONE[1])


def test_who_stands_twice_in_a_file_or_was_lifted_by_hand_is_counted_once(
    engine: Engine, patient: Engine
) -> None:
    store(engine, NUMBERS)
    [row] = explain_suppressed(engine, Channel.SMS, NUMBERS[0])
    lift_suppression(engine, row.id, by="bo@example.com")

    with taking_turns(patient, DNC) as turn:
        missing = missing_in(turn, Channel.SMS, store(engine, NUMBERS[3:]))
    assert (len(missing.rows), missing.among) == (2, 99)
    assert replace(engine, patient, NUMBERS[3:] * 100) == 2
    [row] = explain_suppressed(engine, Channel.SMS, NUMBERS[0])
    assert row.lifted_by == "bo@example.com"


def test_rows_of_other_reasons_are_of_the_list_too(engine: Engine, patient: Engine) -> None:
    store(engine, NUMBERS, reason=SuppressReason.SPAM_REPORT)

    assert replace(engine, patient, NUMBERS[3:]) == 3


def test_a_list_is_lifted_on_every_channel_it_reached_and_shares(
    engine: Engine, again: Connects
) -> None:
    wide = again(suppress_scope=SuppressScope.ALL)
    patient = again(guarded=False, suppress_scope=SuppressScope.ALL)
    store(engine, NUMBERS)
    replaced = partial(replace, wide, patient, NUMBERS[3:])

    assert replaced() == 3  # of one channel, from before numbers were whole
    store(wide, [NUMBERS[3], *GONE])
    assert replaced() == 3
    assert in_force(engine, GONE[0], Channel.VOICE) == []
    assert in_force(engine, NUMBERS[3], Channel.VOICE) == [DNC]


def test_a_list_of_one_channel_lifts_no_row_that_reaches_further(
    engine: Engine, patient: Engine, again: Connects
) -> None:
    store(again(suppress_scope=SuppressScope.ALL), NUMBERS)

    assert replace(engine, patient, NUMBERS[3:]) == 0
    assert in_force(engine, GONE[0], Channel.VOICE) == [DNC]


def test_each_import_leaves_one_row_of_the_audit_and_each_lift_another(
    engine: Engine, patient: Engine
) -> None:
    store(engine, NUMBERS, source="import")
    store(engine, NUMBERS)
    store(engine, NUMBERS)
    replace(engine, patient, NUMBERS[3:])

    told = [(one.deed, one.subject, one.by, one.detail) for one in list_audit(engine, limit=9)]
    assert told == [
        (Deed.LIFT, "list dnc", ANA, {"lifted": 3}),
        (Deed.SUPPRESS, "list dnc", ANA, {}),
        (Deed.SUPPRESS, "channel sms", ANA, {}),
    ]


@pytest.mark.parametrize("name", ["", "a b", "-a", "ä", "a" * 64, "a\n"])
def test_a_list_has_a_plain_name(name: str) -> None:
    with pytest.raises(WrongFields, match="--source"):
        list_source(name)
