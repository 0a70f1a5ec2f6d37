"""The judge of `make chaos` sees people: whoever wrongs one, deliberately or by a freeze, is found out.

A rogue posts to a real sandbox, beside our own system, what must never be posted.
"""

import base64
import signal
import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import Request, urlopen
from uuid import uuid4

import pytest

from tests.acceptance.chaos.judge import Verdict
from tests.acceptance.chaos.judge_people import UNDER_WAY_SECONDS, Stop, judge_people, left_alone
from tests.acceptance.chaos.people import BatchPlan, open_hours
from tests.fixtures.house import wait_until
from tests.fixtures.sandbox import Sandbox

pytestmark = pytest.mark.turn(1)

SOURCE = "+15125560001"
PEOPLE = tuple(f"+1212555{last:04}" for last in range(2000, 2020))
SPELLED = ("(212) 555-2000", "1-212-555-2001")
BATCH = BatchPlan("texts", "sms", SOURCE, PEOPLE + SPELLED)

# Decides whom to text, waits for a line, and then texts them: frozen in between, it is a worker that
# passed its guard and does not know how long ago.
ROGUE = """
import sys
from tests.acceptance.test_people_judge import text_all
people = sys.argv[5:]
print("decided", flush=True)
sys.stdin.readline()
text_all(*sys.argv[1:4], people)
"""


def text(sandbox: Sandbox, *people: str) -> None:
    """One text to each, as an attempt of its own."""
    text_all(sandbox.url, sandbox.account_sid, sandbox.auth_token, people)


def text_all(url: str, account: str, secret: str, people: tuple[str, ...] | list[str]) -> None:
    """The same for who has no sandbox at hand."""
    login = base64.b64encode(f"{account}:{secret}".encode()).decode()
    for one in people:
        callback = f"http://127.0.0.1:9/callbacks/sms/{uuid4()}"
        form = {"To": one, "From": SOURCE, "Body": "Hello", "StatusCallback": callback}
        request = Request(  # noqa: S310  loopback
            f"{url}/2010-04-01/Accounts/{account}/Messages.json",
            urlencode(form).encode(),
            {"Authorization": f"Basic {login}"},
        )
        with urlopen(request, timeout=10) as answer:  # noqa: S310  loopback
            assert answer.status == 201


def broken(sandbox: Sandbox, *stops: Stop, batch: BatchPlan = BATCH) -> list[str]:
    """The promises that did not hold, once every text has arrived."""
    wait_until(lambda: all(one["status"] == "delivered" for one in sandbox.ledger()))
    verdict = Verdict()
    judge_people(verdict, [batch], sandbox.ledger(), stops)
    return verdict.broken


@pytest.fixture(autouse=True)
def everybody_once(sandbox: Sandbox) -> None:
    sandbox.change(callbacks=False)
    text(sandbox, *PEOPLE)


def test_only_who_said_stop_or_has_had_enough_may_be_skipped_at_a_retry(sandbox: Sandbox) -> None:
    stop = Stop("sms", PEOPLE[0], time.time())
    assert sum(map(left_alone([BATCH], [stop]), sandbox.ledger())) == 1
    capped = replace(BATCH, campaign={"frequency_cap": {}})
    assert sum(map(left_alone([capped], []), sandbox.ledger())) == len(PEOPLE)


def test_one_text_each_breaks_nothing(sandbox: Sandbox) -> None:
    assert broken(sandbox, Stop("sms", PEOPLE[0], time.time())) == []


def test_a_call_that_was_taken_back_before_it_rang_is_no_contact(sandbox: Sandbox) -> None:
    wait_until(lambda: all(one["status"] == "delivered" for one in sandbox.ledger()))
    ledger, verdict = sandbox.ledger(), Verdict()

    judge_people(verdict, [BATCH], [*ledger, *({**one, "taken_back": True} for one in ledger)])

    assert verdict.broken == []


def test_a_new_attempt_for_every_tenth_reached_person_is_seen(sandbox: Sandbox) -> None:
    text(sandbox, *PEOPLE[::10])

    assert broken(sandbox) == ["no contacts of somebody this request had reached (2)"]


def test_more_attempts_than_policy_allows_are_seen(sandbox: Sandbox) -> None:
    text(sandbox, PEOPLE[0], PEOPLE[0])

    assert "no contacts beyond the attempts that policy allows (1)" in broken(sandbox)


def test_a_contact_after_stop_is_seen(sandbox: Sandbox) -> None:
    long_ago = time.time() - 60
    stop = Stop("sms", PEOPLE[3], long_ago - UNDER_WAY_SECONDS)

    assert broken(sandbox, stop) == ["no contacts of somebody who had said stop (1)"]


def test_a_wrong_digit_is_seen(sandbox: Sandbox) -> None:
    text(sandbox, "+12125552999", "+442125552000")

    assert broken(sandbox) == ["no contacts of somebody no file names (2)"]


def test_a_contact_above_a_cap_is_seen(sandbox: Sandbox) -> None:
    text(sandbox, PEOPLE[0])
    capped = replace(BATCH, campaign={"frequency_cap": 1})

    assert "no contacts above a cap (1)" in broken(sandbox, batch=capped)


def test_a_contact_in_the_middle_of_somebody_s_night_is_seen(sandbox: Sandbox) -> None:
    sandbox.reset()
    sandbox.change(callbacks=False)
    text(sandbox, "+12125552000", "+18085552000")
    now = datetime.fromtimestamp(time.time(), UTC)
    asleep = replace(BATCH, people=("+12125552000", "+18085552000"), campaign=open_hours(now))

    assert broken(sandbox, batch=asleep) == ["no contacts outside somebody's hours (1)"]


def test_a_freeze_in_the_middle_of_a_burst_is_seen(sandbox: Sandbox) -> None:
    sandbox.reset()
    sandbox.change(callbacks=False)
    arguments = (sandbox.url, sandbox.account_sid, sandbox.auth_token, "--", *PEOPLE)
    worker = subprocess.Popen(
        [sys.executable, "-c", ROGUE, *arguments],
        cwd=Path(__file__).parents[2],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert worker.stdout is not None
    assert worker.stdout.readline() == "decided\n"
    worker.send_signal(signal.SIGSTOP)
    text(sandbox, *PEOPLE)  # somebody has proven that nothing was sent, and another worker sends
    worker.send_signal(signal.SIGCONT)
    worker.communicate("go on\n", timeout=30)

    assert broken(sandbox) == ["no contacts of somebody this request had reached (20)"]
