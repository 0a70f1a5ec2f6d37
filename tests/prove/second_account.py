"""One account is down and hides what it accepted: what it proved unsent leaves by the other, and no more.

A whole house sends texts by an account that, from an early moment on, answers 503, hangs, cuts, loses
answers, refuses us, and leaves out of its lists whatever it accepts. Each account is a sandbox with a ledger
of its own: nobody is contacted twice by both together, and nobody whom the first may have contacted begins
at the second. `python -m tests.prove.second_account --n 2000 --seconds 600` exits with 1 where that does not
hold.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

from sqlalchemy import Row, text

from tests.factories import ANA, ANY_TIME
from tests.fixtures.house import Inhabited, get, inhabit, wait_until
from tests.fixtures.sandbox import ask
from tests.programs import run_alone
from worker.desk.batches import create_batch
from worker.desk.campaigns import create_campaign
from worker.desk.uploads import upload_requests
from worker.local.ports import free_port

MOST = 2_000
SECOND_SID, SECOND_SECRET = "AC" + "2b" * 16, "the-second-secret"
FIRST_SOURCE, SECOND_SOURCE = "+15125550100", "+15125550199"
IN_TIME = 60.0
"""Seconds within which what was proven unsent leaves by the other account."""
BATCH = "second-account"
PORTIONS = 40
"""In which people are added, so that there are some for every phase of the outage."""

_ATTEMPTS = text("""
    SELECT a.request, r.address, a.account, a.state, a.error_code, a.token::text AS token,
           extract(epoch FROM a.began_at)::float8 AS began,
           extract(epoch FROM a.closed_at)::float8 AS closed
    FROM attempt AS a JOIN communication_request AS r ON r.id = a.request
    ORDER BY a.request, a.attempt_number
""")


@dataclass(frozen=True, slots=True)
class Judged:
    """The word of the ledgers and the attempts together."""

    contacts: int
    most_per_attempt: int
    most_per_person: int
    unsent: int
    """Attempts that the first account proved unsent."""
    moved_in_time: int
    """Of their requests, those that left by the second within a minute."""
    trespasses: int
    """Requests that began at the second though the first may have contacted them."""
    states: Mapping[str, int]
    """Attempts by account and state."""

    @property
    def holds(self) -> bool:
        """Return whether every promise was kept, and there was anything to keep."""
        return (
            self.most_per_attempt <= 1
            and self.most_per_person <= 1
            and self.trespasses == 0
            and self.unsent > 0
            and self.moved_in_time >= 0.99 * self.unsent
        )


def judge(attempts: Sequence[Row[Any]], first: list[Any], second: list[Any]) -> Judged:
    """Hold both ledgers against the attempts."""
    contacts = first + second
    by_request: dict[int, list[Row[Any]]] = {}
    for one in attempts:
        by_request.setdefault(one.request, []).append(one)
    moves = [pair for ones in by_request.values() for pair in _unsent(ones)]
    reached = {one["token"] for one in first}
    return Judged(
        contacts=len(contacts),
        most_per_attempt=max(Counter(one["token"] for one in contacts).values(), default=0),
        most_per_person=max(Counter(one["to"] for one in contacts).values(), default=0),
        unsent=len(moves),
        moved_in_time=sum(seconds is not None and seconds <= IN_TIME for seconds in moves),
        trespasses=sum(_trespasses(ones, reached) for ones in by_request.values()),
        states=Counter(f"{one.account} {one.state}" for one in attempts),
    )


def _unsent(attempts: Sequence[Row[Any]]) -> Iterator[float | None]:
    """For each attempt that the first account proved unsent: seconds until the second one began."""
    for place, one in enumerate(attempts):
        if one.account == "main" and one.state == "NOT_SENT":
            later = [other.began for other in attempts[place + 1 :] if other.account == "second"]
            yield later[0] - one.closed if later else None


def _trespasses(attempts: Sequence[Row[Any]], reached: set[str]) -> bool:
    """Return whether the second began after an attempt of the first that was not proven unsent."""
    doubtful = False
    for one in attempts:
        if one.account == "second" and doubtful:
            return True
        doubtful |= one.account == "main" and (one.state != "NOT_SENT" or one.token in reached)
    return False


def run(n: int, seconds: float) -> Judged:
    """Send to n people, while the first account is down for so many seconds."""
    with tempfile.TemporaryDirectory() as folder, second_sandbox(Path(folder)) as url:
        accounts = Path(folder) / "accounts.toml"
        accounts.write_text(_accounts(url), encoding="utf-8")
        given = {
            "ACCOUNTS_FILE": str(accounts),
            "SECOND_TOKEN": SECOND_SECRET,
            "SMS_PER_SECOND": "0",
            "CHUNK_SIZE": "20",
        }
        os.environ["SECOND_TOKEN"] = SECOND_SECRET
        with inhabit(Path(folder) / "house", given) as inhabited:
            _create(inhabited)
            portions = _portions(n)
            _add(inhabited, next(portions))
            wait_until(lambda: len(inhabited.sandbox("ledger")) > 0)
            began = time.time()
            inhabited.switch_sandbox(down_from=began, down_until=began + seconds)
            for place, portion in enumerate(portions, 1):
                _add(inhabited, portion)
                _sleep_until(began + seconds * place / PORTIONS)
            _wait_until_all_is_over(inhabited, seconds + 180)
            with inhabited.engine.connect() as connection:
                attempts = connection.execute(_ATTEMPTS).all()
            return judge(attempts, inhabited.sandbox("ledger"), get(f"{url}/sandbox/ledger"))


@contextmanager
def second_sandbox(folder: Path) -> Iterator[str]:
    """Another provider's account: a process with credentials and a ledger of its own."""
    port = free_port()
    environment = {
        "SANDBOX_PORT": str(port),
        "SANDBOX_ACCOUNT_SID": SECOND_SID,
        "SANDBOX_AUTH_TOKEN": SECOND_SECRET,
    }
    url = f"http://127.0.0.1:{port}"
    with (folder / "second.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "worker.sandbox"],
            env={**os.environ, **environment},
            stdout=log,
            stderr=log,
        )
        try:
            wait_until(lambda: _answers(url))
            yield url
        finally:
            process.terminate()
            process.wait(30)


def _answers(url: str) -> bool:
    try:
        ask(f"{url}/sandbox/summary")
    except OSError:
        return False
    return True


def _accounts(url: str) -> str:
    return (
        f'[accounts.second]\nkind = "twilio"\naccount_sid = "{SECOND_SID}"\n'
        f'auth_token = {{ env = "SECOND_TOKEN" }}\napi_url = "{url}"\nsms_per_second = 0\n'
    )


def _sleep_until(moment: float) -> None:
    time.sleep(max(0.0, moment - time.time()))


def _create(inhabited: Inhabited) -> None:
    fields = {
        "campaign_name": BATCH,
        "mode": "sms",
        "body": "Hello",
        "source": FIRST_SOURCE,
        "accounts": ["main", "second"],
        "account_sources": {"second": SECOND_SOURCE},
        **ANY_TIME,
    }
    campaign = create_campaign(inhabited.engine, fields, by=ANA)
    create_batch(inhabited.engine, {"batch_id": BATCH, "campaign_id": campaign.id}, by=ANA)


def _portions(n: int) -> Iterator[Sequence[str]]:
    """Rows of n people, in portions that arrive while the account is down."""
    # 01NN at the end of a number is a scenario of the sandbox.
    numbers = (one for one in range(2_010_000, 2_990_000) if not 100 <= one % 10_000 < 200)
    rows = [f"{place},+1512{next(numbers)}" for place in range(n)]
    yield from (rows[place::PORTIONS] for place in range(PORTIONS))


def _add(inhabited: Inhabited, rows: Sequence[str]) -> None:
    file = BytesIO("\n".join(["reference_id,target", *rows, ""]).encode())
    upload_requests(inhabited.engine, BATCH, file=file, filename="people.csv", by=ANA)


def _wait_until_all_is_over(inhabited: Inhabited, seconds: float) -> None:
    def over() -> bool:
        counts = inhabited.show(BATCH)["status_counts"]
        return not any(counts.get(one) for one in ("PENDING", "INITIATED", "CONNECTED"))

    wait_until(over, seconds)


def table(judged: Judged, n: int, seconds: float) -> str:
    """The figures, as the paper shows them."""
    states = ", ".join(f"{n:,} {name}" for name, n in sorted(judged.states.items()))
    return "\n".join(
        [
            f"## A second account: {n:,} people, the first one down for {seconds:g} s",
            "",
            "| | |",
            "|---|---|",
            f"| contacts by both ledgers | {judged.contacts:,} |",
            f"| contacts per attempt, at most | {judged.most_per_attempt} |",
            f"| contacts per person, at most | {judged.most_per_person} |",
            f"| proven unsent by the first | {judged.unsent:,} |",
            f"| of these left by the second within {IN_TIME:g} s | {judged.moved_in_time:,} |",
            f"| begun at the second though the first may have contacted them | {judged.trespasses} |",
            f"| attempts | {states} |",
            "",
        ]
    )


def main() -> int:
    """Run it once; fail where a promise was broken."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.prove.second_account", description=__doc__
    )
    parser.add_argument("--n", type=int, default=MOST)
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--seed", type=int, default=0, help="nothing here is drawn")
    chosen = parser.parse_args()
    n = min(chosen.n, MOST)
    judged = run(n, chosen.seconds)
    sys.stdout.write(table(judged, n, chosen.seconds))
    return int(not judged.holds)


if __name__ == "__main__":
    run_alone(main)
