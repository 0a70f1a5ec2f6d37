"""The protocol as a game: anything may happen at any time, and the promises hold after every move."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import Engine, text

from tests.factories import (
    counted_equals_recount,
    make_batch,
    make_campaign,
    make_limits,
    make_recipient,
    make_request,
    make_timeouts,
)
from tests.properties.world import Crash, Fate, Outside, loop_to, pass_time
from tests.samples import sample
from worker.dispatch.apply_reports import apply_reports
from worker.dispatch.deliver import deliver
from worker.dispatch.halt import halt, resume
from worker.dispatch.rescue import rescue
from worker.dispatch.scan import Chunk, ScanLimits, scan
from worker.dispatch.sweep import sweep
from worker.domain.statuses import Channel

SECOND = timedelta(seconds=1)
PEOPLE = 4
RETRIES = 1
PATIENCE = make_timeouts()
SCAN = ScanLimits(lease=60 * SECOND, chunk_size=3, backlog_chunks=4)
DELIVERY = make_limits(answer_time=30 * SECOND, flush_rows=3, flush_seconds=0.01, timeouts=PATIENCE)
SETTINGS = settings(
    max_examples=sample(12, 200),
    stateful_step_count=30,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
    database=None,
)

_EMPTY = text("""
    TRUNCATE campaign, communication_batch, recipient, communication_request, queue, attempt, sid,
        request_count, status_transition, inbox, halt, dead_letter RESTART IDENTITY CASCADE
""")
# What must never be true, whatever happened. Each row found is a promise broken.
_BROKEN: dict[str, str] = {
    "PENDING without a queue row, or a queue row of another": """
        SELECT 1 FROM communication_request AS r FULL JOIN queue AS q ON q.request = r.id
        WHERE (r.request_status = 'PENDING') IS DISTINCT FROM (q.request IS NOT NULL)""",
    "open without anybody who looks": """
        SELECT 1 FROM communication_request AS r WHERE request_status IN ('INITIATED', 'CONNECTED')
        AND NOT EXISTS (SELECT FROM attempt AS a WHERE a.id = r.attempt AND a.check_at IS NOT NULL)""",
    "two attempts in flight to one person": """
        SELECT 1 FROM attempt WHERE state IN ('SENDING', 'IN_DOUBT')
        GROUP BY recipient HAVING count(*) > 1""",
    "attempt_count is not the number of counted attempts": """
        SELECT 1 FROM communication_request AS r WHERE attempt_count <>
        (SELECT count(*) FROM attempt AS a WHERE a.request = r.id AND a.counted)""",
    "more attempts than allowed": """
        SELECT 1 FROM communication_request AS r JOIN communication_batch AS b ON b.id = r.batch
        JOIN campaign AS c ON c.id = b.campaign_id
        WHERE r.attempt_count > 1 + c.retry_count + r.extra_attempts""",
    "begun after an opt-out": """
        SELECT 1 FROM attempt AS a JOIN recipient AS p ON p.id = a.recipient
        WHERE a.began_at > p.suppressed_at""",
}


class Protocol(RuleBasedStateMachine):
    """One house and its outside. Every rule is one thing that can happen."""

    engine: Engine

    def __init__(self) -> None:
        super().__init__()
        with self.engine.begin() as connection:
            connection.execute(_EMPTY)
        self.outside = Outside()
        self.provider_loop = loop_to(self.outside)
        self.chunks: list[Chunk] = []

    def teardown(self) -> None:
        """However it went, in the end everything comes to rest."""
        self.go_on_everywhere()
        for _ in range(15):
            self._tell_everything()
            pass_time(self.engine, 2000)
            rescue(self.engine, self.provider_loop, PATIENCE)
            sweep(self.engine)
            for chunk in scan(self.engine, SCAN, {Channel.VOICE: 0}):
                deliver(self.engine, self.provider_loop, DELIVERY, chunk)
        self.promises_hold()
        assert self._count("request_status IN ('PENDING', 'INITIATED', 'CONNECTED')") == 0
        self.provider_loop.close()

    @initialize()
    def two_batches_share_people(self) -> None:
        campaign = make_campaign(
            self.engine, retry_count=RETRIES, retry_interval=timedelta(minutes=1)
        )
        self.batches = [make_batch(self.engine, campaign=campaign) for _ in range(2)]
        for _ in range(PEOPLE):
            person = make_recipient(self.engine)
            for batch in self.batches:
                make_request(self.engine, batch=batch, recipient=person)

    @rule()
    def a_scheduler_scans(self) -> None:
        self.chunks += scan(self.engine, SCAN, {Channel.VOICE: 0})

    @precondition(lambda self: self.chunks)
    @rule(data=st.data(), fates=st.lists(st.sampled_from(Fate), max_size=3))
    def a_worker_delivers_any_message_for_any_time(
        self, data: st.DataObject, fates: list[Fate]
    ) -> None:
        """Also one delivered before: messages are never removed here."""
        self.outside.fates = fates
        chunk = data.draw(st.sampled_from(self.chunks))
        try:
            deliver(self.engine, self.provider_loop, DELIVERY, chunk)
        except Crash:
            self.outside.fates = []

    @precondition(lambda self: self.outside.ledger)
    @rule(data=st.data())
    def a_callback_comes_in_any_order_and_number(self, data: st.DataObject) -> None:
        contact = data.draw(st.sampled_from(list(self.outside.ledger.values())))
        index = data.draw(st.integers(0, len(contact.story) - 1))
        apply_reports(self.engine, PATIENCE, [contact.report(index)])

    @rule(seconds=st.sampled_from([10, 61, 400, 1000]))
    def time_passes(self, seconds: int) -> None:
        pass_time(self.engine, seconds)

    @rule()
    def a_rescuer_looks(self) -> None:
        rescue(self.engine, self.provider_loop, PATIENCE)
        sweep(self.engine)

    @rule(which=st.integers(0, 1), change=st.sampled_from(["paused = true", "paused = false"]))
    def an_operator_pauses_or_resumes(self, which: int, change: str) -> None:
        self._change(which, change)

    @rule(which=st.integers(0, 1))
    def a_batch_expires(self, which: int) -> None:
        self._change(which, "expires_on = coalesce(expires_on, clock_timestamp())")

    @rule(person=st.integers(1, PEOPLE))
    def somebody_opts_out(self, person: int) -> None:
        with self.engine.begin() as connection:
            connection.execute(
                text("""
                    UPDATE recipient SET suppressed_at = clock_timestamp(),
                        suppress_reason = 'unsubscribed'
                    WHERE id = :id AND suppressed_at IS NULL
                """),
                {"id": person},
            )

    @rule()
    def everything_is_halted(self) -> None:
        halt(self.engine, "all", "", "a drill", "ana@example.com")

    @rule()
    def go_on_everywhere(self) -> None:
        resume(self.engine, "all", "")
        for which in range(len(getattr(self, "batches", []))):
            self._change(which, "paused = false")

    @precondition(lambda self: self.chunks)
    @rule(data=st.data())
    def nothing_begins_in_a_closed_batch(self, data: st.DataObject) -> None:
        chunk = data.draw(st.sampled_from(self.chunks))
        closed = text("""
            SELECT paused OR coalesce(expires_on <= clock_timestamp(), false)
                OR EXISTS (SELECT FROM halt)
            FROM communication_batch WHERE id = :batch
        """)
        with self.engine.connect() as connection:
            if not connection.scalar(closed, {"batch": chunk.batch}):
                return
        before = self.outside.posts.total()
        deliver(self.engine, self.provider_loop, DELIVERY, chunk)
        assert self.outside.posts.total() == before

    @invariant()
    def promises_hold(self) -> None:
        assert max(self.outside.posts.values(), default=0) <= 1, "contacted twice for one attempt"
        with self.engine.connect() as connection:
            broken = [
                name for name, query in _BROKEN.items() if connection.execute(text(query)).first()
            ]
        assert broken == []
        assert counted_equals_recount(self.engine)

    def _tell_everything(self) -> None:
        for contact in list(self.outside.ledger.values()):
            reports = [contact.report(index) for index in range(len(contact.story))]
            apply_reports(self.engine, PATIENCE, reports)

    def _change(self, which: int, change: str) -> None:
        statement = text(f"UPDATE communication_batch SET {change} WHERE id = :id")  # noqa: S608  a test's own words
        with self.engine.begin() as connection:
            connection.execute(statement, {"id": self.batches[which]})

    def _count(self, condition: str) -> int:
        statement = text(f"SELECT count(*) FROM communication_request WHERE {condition}")  # noqa: S608  a test's own words
        with self.engine.connect() as connection:
            return connection.scalar(statement) or 0


@pytest.fixture
def protocol(shared_engine: Engine) -> type[Protocol]:
    class Here(Protocol):
        engine = shared_engine

    return Here


def test_the_promises_hold_whatever_happens(protocol: type[Protocol]) -> None:
    run_state_machine_as_test(protocol, settings=SETTINGS)
