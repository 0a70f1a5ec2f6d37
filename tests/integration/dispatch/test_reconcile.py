"""An older dump beside the sandbox's ledger: whoever was contacted since is found, or waits for a word."""

import subprocess
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text

from config.settings import judge
from tests.factories import ANA, database_time, make_batch, make_recipient, make_request
from tests.fixtures.postgres import sqlalchemy_url
from tests.fixtures.sandbox import Sandbox
from tests.keys import PUBLIC_KEY
from worker.cli.reconcile import NoMoment, read_moment
from worker.desk.decide import allow_retry
from worker.dispatch.deliver import deliver
from worker.dispatch.halt import halt, resume
from worker.dispatch.reconcile import NotAnswered, NotHalted, Reconciled, reconcile
from worker.dispatch.rescue import rescue_all
from worker.dispatch.scan import scan
from worker.domain.statuses import Channel
from worker.limits import OpenGate
from worker.local.postgres import EmbeddedPostgres
from worker.runtime import Runtime, build
from worker.store.connect import Engine

EVERYTHING = dict.fromkeys(Channel, 0)
_STATES = text("""
    SELECT r.id, r.request_status, coalesce(a.state, '') FROM communication_request AS r
    LEFT JOIN attempt AS a ON a.id = r.attempt ORDER BY r.id
""")


@dataclass
class Restored:
    """A deployment, and one that was restored from its dump."""

    lost: Runtime
    here: Runtime
    since: datetime

    def reconcile(self) -> Reconciled:
        """Halt everything, as a restored database is, and ask."""
        halt(self.here.engine, "all", "", "restored", ANA)
        return reconcile(self.here.engine, self.here.provider_loop, self.since, by=ANA)

    def go_on(self) -> None:
        """Let it send, until nothing is due."""
        rescue_all(self.here.engine, self.here.provider_loop, self.here.timeouts)
        resume(self.here.engine, "all", "", ANA)
        send(self.here)


def send(here: Runtime) -> None:
    for chunk in scan(here.engine, here.scan_limits, EVERYTHING):
        deliver(
            here.engine,
            here.provider_loop,
            here.delivery_limits,
            chunk,
            OpenGate(),
            here.answer_buffer,
        )


def person(engine: Engine, channel: Channel, number: int) -> int:
    """Somebody with no story at the sandbox."""
    address = (
        f"person{number}@example.com" if channel is Channel.EMAIL else f"+1404613{2000 + number}"
    )
    return make_recipient(engine, channel=channel, address=address)


def states(engine: Engine) -> dict[int, tuple[str, str]]:
    with engine.connect() as connection:
        return {request: (status, state) for request, status, state in connection.execute(_STATES)}


def runtime(url: str, sandbox: Sandbox) -> Runtime:
    return build(
        judge(
            {
                "DATABASE_URL": url,
                "BROKER_URL": "redis://127.0.0.1:1/0",
                "PROFILE": "fast",
                "TWILIO_ACCOUNT_SID": sandbox.account_sid,
                "TWILIO_AUTH_TOKEN": sandbox.auth_token,
                "TWILIO_API_URL": sandbox.url,
                "SENDGRID_API_KEY": sandbox.api_key,
                "SENDGRID_API_URL": sandbox.url,
                "SENDGRID_WEBHOOK_KEY": PUBLIC_KEY,
                "PUBLIC_URL": "http://127.0.0.1:9",
                "FLOWER_BASIC_AUTH": "ana:a-password",
            }
        )
    )


class Dump:
    """A dump of a database, from which another one is made."""

    def __init__(self, server: EmbeddedPostgres, name: str, file: Path) -> None:
        self._server, self._file = server, file
        self._run("pg_dump", "--format=custom", f"--file={file}", server.url_of(name))

    def restore(self, name: str) -> None:
        with psycopg.connect(self._server.url, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        self._run("pg_restore", f"--dbname={self._server.url_of(name)}", str(self._file))

    def _run(self, program: str, *words: str) -> None:
        binary = self._server._binaries / program
        subprocess.run([binary, *words], check=True, capture_output=True, timeout=60)


@pytest.fixture
def lost(database_url: str, engine: Engine, sandbox: Sandbox) -> Iterator[Runtime]:
    """What runs on the database that will be lost."""
    made = runtime(database_url, sandbox)
    yield made
    made.close()


@pytest.fixture
def restored(
    postgres: EmbeddedPostgres, lost: Runtime, sandbox: Sandbox, tmp_path: Path
) -> Iterator[Restored]:
    """A voice, a text and a mail batch of four each; half of them are sent after the dump."""
    name = str(lost.settings.database_url).rsplit("/", 1)[1].split("?", maxsplit=1)[0]
    for place, channel in enumerate(Channel):
        batch = make_batch(lost.engine, channel=channel)
        for number in range(4):
            who = person(lost.engine, channel, 10 * place + number)
            due_in = timedelta(hours=1 if number % 2 else -1)
            make_request(lost.engine, batch=batch, recipient=who, due_in=due_in)
    since = database_time(lost.engine)
    dump = Dump(postgres, name, tmp_path / "dump")
    send(lost)
    dump.restore("restored")
    made = runtime(sqlalchemy_url(postgres, "restored"), sandbox)
    yield Restored(lost, made, since)
    made.close()
    with psycopg.connect(postgres.url, autocommit=True) as connection:
        connection.execute(b"DROP DATABASE restored WITH (FORCE)")


def test_nobody_is_contacted_again_and_mail_waits_for_an_operator(
    restored: Restored, sandbox: Sandbox
) -> None:
    assert len(sandbox.ledger()) == 6

    done = restored.reconcile()
    restored.go_on()

    assert done == Reconciled(found=4, asked=4, closed=0, unnamed=0, mails=2)
    contacts = Counter(one["to"] for one in sandbox.ledger())
    assert (len(contacts), max(contacts.values())) == (6, 1)
    found = Counter(states(restored.here.engine).values())
    assert found["FAILED", "UNRESOLVED"] == 2, "the mails"
    assert found["PENDING", ""] == 6, "what was not due"
    assert not found["INITIATED", "IN_DOUBT"], "each was found"


def test_what_the_provider_does_not_know_is_due_as_before(
    restored: Restored, sandbox: Sandbox
) -> None:
    sandbox.reset()  # nothing of it was ever sent

    done = restored.reconcile()
    restored.go_on()

    assert done == Reconciled(found=0, asked=0, closed=0, unnamed=0, mails=2)
    assert len(sandbox.ledger()) == 4


def test_an_operator_s_word_lets_a_mail_go_again(restored: Restored, sandbox: Sandbox) -> None:
    restored.reconcile()
    with restored.here.engine.connect() as connection:
        mails = connection.scalars(text("SELECT id FROM attempt WHERE state = 'UNRESOLVED'")).all()

    allow_retry(restored.here.engine, mails[0], by=ANA)
    restored.go_on()

    assert Counter(one["kind"] for one in sandbox.ledger())["mail"] == 3


def test_of_two_open_requests_of_one_person_an_operator_says_which_it_was(
    restored: Restored, sandbox: Sandbox
) -> None:
    engine = restored.here.engine
    with engine.connect() as connection:
        who = connection.scalar(
            text("""SELECT r.recipient FROM communication_request AS r
                 JOIN queue AS q ON q.request = r.id JOIN recipient AS p ON p.id = r.recipient
                 WHERE q.due_at < clock_timestamp() AND p.channel = 'voice' LIMIT 1""")
        )
    make_request(engine, batch=make_batch(engine), recipient=who)

    done = restored.reconcile()
    restored.go_on()

    assert (done.asked, done.closed) == (3, 2)
    assert max(Counter(one["to"] for one in sandbox.ledger()).values()) == 1


def test_what_was_sent_from_a_source_that_the_campaign_did_not_have_waits_for_a_word(
    restored: Restored, sandbox: Sandbox
) -> None:
    engine = restored.here.engine
    with engine.begin() as connection:
        connection.execute(text("UPDATE campaign SET source = '+15125550199' WHERE mode = 'sms'"))

    done = restored.reconcile()
    restored.go_on()

    assert (done.asked, done.closed) == (2, 2)
    assert max(Counter(one["to"] for one in sandbox.ledger()).values()) == 1


def test_what_was_sent_from_one_of_a_pool_is_found(restored: Restored, sandbox: Sandbox) -> None:
    engine = restored.here.engine
    pool = """UPDATE campaign SET source = '+15125550199', pool = jsonb_build_array(
        jsonb_build_object('source', source, 'weight', 1)) WHERE mode = 'sms'"""
    with engine.begin() as connection:
        connection.execute(text(pool))

    done = restored.reconcile()
    rescue_all(engine, restored.here.provider_loop, restored.here.timeouts)

    assert (done.asked, done.closed) == (4, 0)
    assert not Counter(states(engine).values())["INITIATED", "IN_DOUBT"]


def test_whom_no_open_request_names_is_left_alone(restored: Restored) -> None:
    engine, before = restored.here.engine, restored.lost.engine
    batch = make_batch(before)
    make_request(before, batch=batch, recipient=person(before, Channel.VOICE, 99))
    send(restored.lost)
    requests = len(states(engine))

    done = restored.reconcile()

    assert (done.found, done.asked, done.unnamed) == (5, 4, 1)
    assert len(states(engine)) == requests


def test_it_asks_only_while_everything_is_halted(restored: Restored) -> None:
    here = restored.here

    with pytest.raises(NotHalted):
        reconcile(here.engine, here.provider_loop, restored.since, by=ANA)


def test_a_provider_that_does_not_answer_changes_nothing(
    restored: Restored, sandbox: Sandbox
) -> None:
    before = states(restored.here.engine)
    sandbox.change(suspended=True)

    with pytest.raises(NotAnswered, match="nothing was changed"):
        restored.reconcile()

    assert states(restored.here.engine) == before


@pytest.mark.parametrize("moment", ["yesterday", "2026-03-01", "2026-03-01T02:00:00"])
def test_the_command_asks_for_a_moment_with_its_zone(moment: str) -> None:
    with pytest.raises(NoMoment, match="moment of the backup with its zone"):
        read_moment(moment)


def test_the_command_reads_a_moment_of_any_zone() -> None:
    assert read_moment("2026-03-01T04:00:00+02:00") == datetime(2026, 3, 1, 2, tzinfo=UTC)
