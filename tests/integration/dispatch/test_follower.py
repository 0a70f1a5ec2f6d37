"""A real failover under processes that begin: followed where nothing is missing, else halted."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

import psycopg
import pytest
from redis import Redis
from sqlalchemy import Engine

from tests.factories import HOUR, lease, make_request
from tests.fixtures.standby import Pair
from worker.dispatch import failover, follower
from worker.dispatch.begun import Beginnings, NotNow
from worker.dispatch.database_identity import know_the_database, recognition_of
from worker.dispatch.failover import FailoverExamined
from worker.dispatch.follower import Follower
from worker.dispatch.halt import halts_in_force
from worker.domain.database_identity import Recognition
from worker.local.postgres import EmbeddedPostgres
from worker.store import attempts, processes
from worker.store.connect import StoreUnavailable, connect, in_one_statement
from worker.store.database_identity import Pin
from worker.store.identity_stores import BrokerIdentityStore, FileIdentityStore, IdentityStore
from worker.store.migrate import upgrade

pytestmark = pytest.mark.turn(1)

DEADLINE = 60.0
AT = "postgresql+psycopg://postgres@/postgres?host=127.0.0.1:{}"


@dataclass
class Process:
    """As much of a process as begins and follows; its thread is the test."""

    engine: Engine
    begun: Beginnings
    follower: Follower

    def start(self, kind: str = "voice") -> None:
        """Come, look, stand, as `tasks/start.py` does."""
        self.follower.come(kind)
        know_the_database(self.engine, self.memories)
        self.follower.stand()

    memories: list[IdentityStore]

    def begin(self, request: int) -> bool:
        """Claim a request and begin it; whether it began."""
        chunk = lease(self.engine, request)
        with self.begun.asking() as note:
            begun, _ = in_one_statement(
                self.engine, attempts.begin, chunk, [request], send_window=HOUR, answer_time=HOUR
            )
            note(begun)
        return bool(begun)

    def step(self) -> None:
        """One turn of its threads: of the one that says that it lives, and of the one that follows."""
        with suppress(StoreUnavailable):
            in_one_statement(self.engine, processes.note, "scheduler", "h", 1, "0", None, None)
        with suppress(StoreUnavailable):
            self.follower.step()


@dataclass
class Town:
    """A pair of servers, and processes that share a roll."""

    pair: Pair
    redis: "Redis"
    state_dir: Path
    engines: list[Engine]

    def process(self, url: str | None = None, host: str = "a") -> Process:
        """Another one, not started yet; one with an address of its own may be led elsewhere."""
        url = url or self.pair.url
        memories: list[IdentityStore] = [
            FileIdentityStore(self.state_dir / host),
            BrokerIdentityStore(self.redis),
        ]
        elsewhere = connect(url)

        def ask() -> Engine:
            elsewhere.dispose()
            return elsewhere

        begun = Beginnings()
        pin = Pin(
            lambda _: begun.is_closed and recognition_of(ask(), memories) is Recognition.KNOWN
        )
        engine = connect(url)
        self.engines += [engine, elsewhere]
        pin.hold(engine)
        shared = memories[1]
        assert isinstance(shared, BrokerIdentityStore)
        return Process(
            engine, begun, Follower(engine, pin, ask, memories, shared.roll, begun), memories
        )

    def settle(self, *processes: Process) -> None:
        """Let them take turns until all begin again."""
        ends = monotonic() + DEADLINE
        while any(one.begun.is_closed for one in processes) or self.newly(*processes):
            assert monotonic() < ends, "nobody may go on"
            for one in processes:
                one.step()

    def newly(self, *processes: Process) -> bool:
        """Say whether one of them still looks at the old timeline."""
        return any(one.begun.me.on < 2 for one in processes)

    def halted(self) -> list[str]:
        """Why everything is halted on the new primary."""
        engine = connect(self.pair.standby.url.replace("postgresql://", "postgresql+psycopg://"))
        found = [one.reason for one in halts_in_force(engine)]
        engine.dispose()
        return found


@pytest.fixture
def town(pair: Pair, broker_url: str, tmp_path: Path) -> Iterator[Town]:
    upgrade(pair.url)
    with Redis.from_url(broker_url) as redis:
        made = Town(pair, redis, tmp_path, [])
        yield made
        for one in made.engines:
            one.dispose()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is asked for long."""
    monkeypatch.setattr(failover, "PATIENCE", 0.0)


def test_where_nothing_is_missing_everybody_goes_on(town: Town) -> None:
    one, other = town.process(host="a"), town.process(host="b")
    requests = [make_request(one.engine) for _ in range(4)] if _started(one, other) else []
    assert one.begin(requests[0])
    assert other.begin(requests[1])
    town.pair.standby.catch_up()

    town.pair.fail_over()
    town.settle(one, other)

    assert one.begin(requests[2])
    assert other.begin(requests[3])
    assert town.halted() == []
    late = town.process(host="b")  # its host remembers the timeline of before
    late.start()
    assert know_the_database(late.engine, late.memories) is Recognition.KNOWN
    assert late.begin(make_request(late.engine))


def _started(*processes: Process) -> bool:
    for one in processes:
        one.start()
    return True


def test_a_begin_that_is_missing_halts_and_is_counted(town: Town) -> None:
    one, other = town.process(), town.process()
    _started(one, other)
    kept, lost = make_request(one.engine), make_request(one.engine)
    assert one.begin(kept)
    town.pair.standby.catch_up()
    town.pair.standby.cut_off()
    assert other.begin(lost)

    town.pair.fail_over()
    for _ in range(3):
        one.step()
        other.step()

    [why] = town.halted()
    assert "1 attempts or more are missing" in why
    with pytest.raises(NotNow), one.begun.asking():
        pass


@pytest.mark.usefixtures("impatient")
def test_a_process_that_cannot_be_asked_halts_and_is_named(town: Town) -> None:
    one, killed = town.process(), town.process()
    one.start()
    killed.start("sms")  # and nothing is heard of it again
    assert one.begin(make_request(one.engine))
    town.pair.standby.catch_up()

    town.pair.fail_over()
    for _ in range(3):
        one.step()

    [why] = town.halted()
    assert "can't be asked: sms on" in why
    assert "missing" not in why


def test_one_that_is_only_late_is_waited_for(town: Town) -> None:
    one, late = town.process(), town.process()
    _started(one, late)
    town.pair.standby.catch_up()
    town.pair.fail_over()

    one.step()  # meets it
    with pytest.raises(FailoverExamined):
        one.follower.step()

    assert town.halted() == []
    town.settle(one, late)


def test_whoever_began_after_it_was_gone_speaks_for_the_killed(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follower, "OVER", 0.0)
    one, killed = town.process(), town.process()
    _started(one, killed)
    assert killed.begin(make_request(killed.engine))
    one.step()
    one.step()
    assert len(one.follower.speak().members) == 2, "nothing was begun since"
    assert one.begin(make_request(one.engine))
    one.step()
    assert [each.uid for each in one.follower.speak().members] == [one.begun.me.uid]
    town.pair.standby.catch_up()

    town.pair.fail_over()
    town.settle(one)

    assert town.halted() == []


def test_one_that_ended_in_order_has_said_all(town: Town) -> None:
    one, ended = town.process(), town.process()
    _started(one, ended)
    town.pair.standby.catch_up()
    town.pair.standby.cut_off()
    assert ended.begin(make_request(ended.engine))
    ended.follower.end()

    town.pair.fail_over()
    for _ in range(3):
        one.step()

    [why] = town.halted()
    assert "1 attempts or more are missing" in why


@pytest.mark.usefixtures("impatient")
def test_a_roll_that_was_lost_proves_nothing(town: Town) -> None:
    one = town.process()
    _started(one)
    assert one.begin(make_request(one.engine))
    town.pair.standby.catch_up()
    town.redis.flushall()
    know_the_database(one.engine, one.memories)

    town.pair.fail_over()
    for _ in range(3):
        one.step()

    [why] = town.halted()
    assert "when the roll was lost" in why


def test_nobody_begins_on_an_old_primary_that_takes_writes(town: Town) -> None:
    """Two primaries: the address of one process still leads to the old one, and its sessions live."""
    old = town.process(AT.format(town.pair.primary.port), "a")
    new = town.process(town.pair.url, "b")
    _started(old, new)
    requests = [make_request(old.engine) for _ in range(3)]
    assert old.begin(requests[0])
    town.pair.standby.catch_up()
    town.pair.standby.promote()
    fresh = town.process(AT.format(town.pair.standby.port), "c")

    with pytest.raises(FailoverExamined):
        fresh.start()
    assert not old.begun.is_closed
    old.follower.step()
    new.step()
    with pytest.raises(NotNow), old.begun.asking():
        pass
    fresh.start()

    assert fresh.begin(requests[1])
    for _ in range(3):
        old.step()
    with pytest.raises(NotNow), old.begun.asking():
        pass
    assert begun_on(town.pair.primary) == 1


def test_who_starts_on_an_old_primary_begins_nothing(town: Town) -> None:
    one = town.process()
    one.start()
    assert one.begin(make_request(one.engine))
    town.pair.standby.catch_up()
    town.pair.standby.promote()
    fresh = town.process(AT.format(town.pair.standby.port), "b")
    with pytest.raises(FailoverExamined):
        fresh.start()
    one.step()
    fresh.start()

    late = town.process(AT.format(town.pair.primary.port), "c")
    late.start()

    with pytest.raises(NotNow), late.begun.asking():
        pass
    assert begun_on(town.pair.primary) == 1


def begun_on(server: EmbeddedPostgres) -> int:
    with psycopg.connect(server.url) as there:
        [found] = there.execute("SELECT count(*) FROM attempt").fetchone() or (None,)
    return int(found or 0)


def test_whoever_comes_between_judging_and_accepting_is_heard(town: Town) -> None:
    one, late = town.process(), town.process()
    _started(one)
    shared = one.memories[1]
    assert isinstance(shared, BrokerIdentityStore)
    heard = shared.roll.hear()
    present = shared.recall()
    assert present

    late.follower.come("voice")

    assert not shared.roll.accept(present, 1, heard)
    assert shared.roll.accept(present, 1, shared.roll.hear())
