"""An upload that is killed, or whose database goes away, leaves nothing; then it is simply repeated."""

import os
import pty
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from config.settings import ENV_FILE
from tests.fixtures.house import ROOT, wait_until
from tests.fixtures.postgres import sqlalchemy_url
from tests.keys import PUBLIC_KEY
from worker.desk.batches import create_batch
from worker.desk.campaigns import create_campaign
from worker.desk.uploads import Uploaded, upload_requests
from worker.local.postgres import EmbeddedPostgres, running_postgres
from worker.store.connect import connect
from worker.store.migrate import upgrade

pytestmark = pytest.mark.turn(2)

ANA = "ana@example.com"
ROWS = 20_000
TABLES = ("communication_request", "recipient", "queue", "status_transition", "request_count")
CAMPAIGN = {"campaign_name": "c", "mode": "sms", "source": "+15125550100", "body": "Hello"}

# What the upload's connection is seen to do, in the order it does it.
STAGING = "COPY staged%"
JUDGING = "%WITH judged%DELETE FROM staged%"
REMEMBERING = "%INSERT INTO recipient%"
STORING = "%INSERT INTO communication_request%"
SEEN = """
    SELECT pid FROM pg_stat_activity
    WHERE application_name = 'outreach' AND state <> 'idle' AND query LIKE %s
"""


@dataclass(frozen=True, slots=True)
class Desk:
    """A database with an empty batch B, and the file that is to come into it."""

    server: EmbeddedPostgres
    file: Path
    environment: Mapping[str, str]

    def start(self, *, stderr: int = subprocess.PIPE) -> subprocess.Popen[str]:
        """Begin an upload in a process of its own."""
        return subprocess.Popen(
            [sys.executable, "-m", "worker.cli.main", "batch", "upload", "B", str(self.file)],
            env=dict(self.environment),
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
        )

    def upload(self) -> Uploaded:
        """Upload it to the end."""
        engine = connect(sqlalchemy_url(self.server, "postgres"), guarded=False)
        with self.file.open("rb") as file:
            done = upload_requests(engine, "B", file=file, filename="people.csv", by=ANA)
        engine.dispose()
        return done

    def asked(self, query: str, *values: str) -> list[int]:
        """The first column of an answer."""
        with psycopg.connect(self.server.url, autocommit=True) as connection:
            return [row[0] for row in connection.execute(query.encode(), values)]

    def wait_for(self, moment: str) -> int:
        """The backend of the upload, once it is at this."""
        deadline = time.monotonic() + 60
        with psycopg.connect(self.server.url, autocommit=True) as connection:
            while (found := connection.execute(SEEN, (moment,)).fetchone()) is None:
                assert time.monotonic() < deadline, f"the upload was never seen at {moment}"
        return int(found[0])

    def counts(self) -> dict[str, int]:
        """How many rows each table has, once no upload is under way in the database."""
        wait_until(lambda: self.asked(SEEN, "%") == [])
        return {table: self.asked(f"SELECT count(*) FROM {table}")[0] for table in TABLES}  # noqa: S608


def people(count: int) -> str:
    """A CSV file of so many."""
    rows = "".join(f"{n},+1512{5_550_000 + n},{n},x,y\n" for n in range(count))
    return "reference_id,target,a,b,c\n" + rows


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    """A server of our own: it is going to be crashed."""
    with running_postgres(tmp_path_factory.mktemp("postgres"), fresh=True) as made:
        upgrade(sqlalchemy_url(made, "postgres"))
        yield made


@pytest.fixture
def desk(server: EmbeddedPostgres, tmp_path: Path) -> Iterator[Desk]:
    """The batch B, and the file."""
    url = sqlalchemy_url(server, "postgres")
    engine = connect(url)
    campaign = create_campaign(engine, CAMPAIGN, by=ANA)
    create_batch(engine, {"batch_id": "B", "campaign_id": campaign.id}, by=ANA)
    engine.dispose()
    file = tmp_path / "people.csv"
    file.write_text(people(ROWS), encoding="utf-8")
    yield Desk(server, file, _environment(url, tmp_path))
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute("TRUNCATE campaign, recipient, request_count, status_transition CASCADE")


def _environment(url: str, state_dir: Path) -> dict[str, str]:
    nowhere = "http://127.0.0.1:9"
    return {
        ENV_FILE: os.devnull,
        "DATABASE_URL": url,
        "BROKER_URL": "redis://127.0.0.1:1/0",
        "TWILIO_ACCOUNT_SID": "AC" + "5a" * 16,
        "TWILIO_AUTH_TOKEN": "token",
        "TWILIO_API_URL": nowhere,
        "SENDGRID_API_KEY": "key",
        "SENDGRID_API_URL": nowhere,
        "SENDGRID_WEBHOOK_KEY": PUBLIC_KEY,
        "PUBLIC_URL": nowhere,
        "FLOWER_BASIC_AUTH": "flower:password",
        "STATE_DIR": str(state_dir / "state"),
        "OPERATOR_EMAIL": ANA,
    }


def _sigkill(desk: Desk, upload: subprocess.Popen[str], backend: int) -> None:
    upload.send_signal(signal.SIGKILL)


def _terminate_backend(desk: Desk, upload: subprocess.Popen[str], backend: int) -> None:
    desk.asked(f"SELECT pg_terminate_backend({backend})")


def _crash_server(desk: Desk, upload: subprocess.Popen[str], backend: int) -> None:
    desk.server.stop("immediate")
    desk.server.start()


Blow = Callable[[Desk, subprocess.Popen[str], int], None]


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    ("blow", "moment"),
    [
        pytest.param(_sigkill, STAGING, id="killed-while-it-is-staged"),
        pytest.param(_sigkill, JUDGING, id="killed-while-it-is-judged"),
        pytest.param(_sigkill, REMEMBERING, id="killed-while-recipients-are-remembered"),
        pytest.param(_sigkill, STORING, id="killed-while-requests-are-stored"),
        pytest.param(_terminate_backend, STAGING, id="disconnected-while-it-is-staged"),
        pytest.param(_terminate_backend, STORING, id="disconnected-while-requests-are-stored"),
        pytest.param(_crash_server, STAGING, id="server-crashed-while-it-is-staged"),
        pytest.param(_crash_server, STORING, id="server-crashed-while-requests-are-stored"),
    ],
)
def test_an_upload_that_is_cut_off_leaves_nothing_and_can_be_repeated(
    desk: Desk, blow: Blow, moment: str
) -> None:
    upload = desk.start()
    blow(desk, upload, desk.wait_for(moment))
    _, complaint = upload.communicate(timeout=60)

    assert upload.returncode != 0
    assert desk.counts() == dict.fromkeys(TABLES, 0)
    if blow is not _sigkill:
        assert complaint.startswith("outreach: the database"), complaint
        assert complaint.count("\n") == 1
    assert desk.upload().stored == ROWS
    stored = desk.counts()
    again = desk.upload()
    assert (again.stored, again.known, desk.counts()) == (0, ROWS, stored)


def test_an_upload_that_is_killed_at_any_time_is_there_as_a_whole_or_not_at_all(desk: Desk) -> None:
    """Blows that follow the clock rather than a statement, so that some fall on the commit."""
    outcomes = set()
    upload = desk.start()
    began = time.monotonic()
    desk.wait_for(STORING)
    upload.communicate(timeout=60)
    whole = time.monotonic() - began
    with psycopg.connect(desk.server.url, autocommit=True) as connection:
        connection.execute(
            "TRUNCATE communication_request, recipient, request_count, status_transition CASCADE"
        )
    for share in (0.5, 0.9, 0.97, 1.02):
        upload = desk.start()
        try:
            upload.communicate(timeout=whole * share)
        except subprocess.TimeoutExpired:
            upload.kill()
            upload.communicate(timeout=60)
        outcomes.add(desk.counts()["communication_request"])

    assert outcomes <= {0, ROWS}
    assert desk.upload().stored in {0, ROWS}
    assert desk.counts()["queue"] == ROWS


def test_a_terminal_sees_the_rate_and_the_time_left(desk: Desk) -> None:
    # So many that reading them takes seconds: a rate is known once the bar is drawn a second time.
    desk.file.write_text(people(5 * ROWS), encoding="utf-8")
    ours, theirs = pty.openpty()
    upload = desk.start(stderr=theirs)
    os.close(theirs)
    drawn = _read_to_the_end(ours)
    upload.communicate(timeout=60)

    assert upload.returncode == 0, drawn
    assert re.search(r"people\.csv.*[kM]?B/s.*\d:\d\d:\d\d", drawn)
    assert "storing" in drawn


def _read_to_the_end(terminal: int) -> str:
    drawn = b""
    try:
        while part := os.read(terminal, 65_536):
            drawn += part
    except OSError:  # a terminal that nobody holds any more ends like this
        pass
    os.close(terminal)
    return drawn.decode()
