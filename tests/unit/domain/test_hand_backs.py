import re
from pathlib import Path

import worker.store.functions
from worker.domain.schedule.hand_backs import HandBack

BEGIN = Path(worker.store.functions.__file__).with_name("begin_attempts.sql")
WORDS = re.compile(r"(?:SELECT handed, |v_why := |\bTHEN )'([a-z_]+)'")


def test_each_reason_of_the_gate_is_known_and_returns_the_rate() -> None:
    """None of them has begun, and all can be told: the batch may claim others in their place."""
    reasons = set(WORDS.findall(BEGIN.read_text(encoding="utf-8")))

    assert len(reasons) >= 8
    assert {why: HandBack(why).returns_rate for why in reasons} == dict.fromkeys(reasons, True)


def test_what_is_left_to_its_lease_returns_none() -> None:
    """Else a batch would claim ever more while the limits' server is away."""
    kept = {HandBack.TOO_LATE, HandBack.NO_PERMIT, HandBack.LEASE_OVER, HandBack.STOPPING}

    assert not any(why.returns_rate for why in kept)


def test_a_reason_of_a_newer_release_is_no_error_and_returns_none() -> None:
    """The attempts that began beside it are committed: raising would leave them in doubt."""
    assert HandBack("not_in_this_release") is HandBack.UNKNOWN
    assert not HandBack.UNKNOWN.returns_rate
