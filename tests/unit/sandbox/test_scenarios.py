"""What happens to whom."""

import pytest

from worker.sandbox.scenarios import FAULTS, SCENARIOS, Scenario, fault_of_number, of_number, tag_of

COUNTRIES = ["+1512555", "+44791112", "+49151234"]


@pytest.mark.parametrize("start", COUNTRIES)
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_the_last_four_digits_of_any_countrys_number_choose(start: str, scenario: Scenario) -> None:
    assert of_number(start + scenario.digits) is scenario
    assert fault_of_number(start + scenario.digits) is None


@pytest.mark.parametrize(("fault", "digits"), FAULTS.items(), ids=FAULTS)
def test_a_fault_befalls_somebody_who_would_answer(fault: str, digits: str) -> None:
    assert fault_of_number(f"+1512555{digits}") == fault
    assert of_number(f"+1512555{digits}").name == "answered"


def test_anybody_else_answers() -> None:
    assert of_number("+15125557777").name == "answered"
    assert fault_of_number("+15125557777") is None


def test_no_digits_mean_two_things() -> None:
    digits = [scenario.digits for scenario in SCENARIOS] + list(FAULTS.values())

    assert len(set(digits)) == len(digits)


MAILBOXES = {
    "ana+bounce@example.com": "bounce",
    "ana+bounce-0001@example.com": "bounce",
    "ANA+Bounce-0001@Example.com": "bounce",
    "ana+accepted-then-timeout-7@example.com": "accepted-then-timeout",
    "ana+no-callbacks@example.com": "no-callbacks",
    "ana@example.com": "delivered",
    "ana+newsletter@example.com": "delivered",
    "ana+bounce-0001x@example.com": "delivered",
    "bounce@example.com": "delivered",
}


@pytest.mark.parametrize(("mailbox", "tag"), MAILBOXES.items(), ids=MAILBOXES)
def test_the_tag_of_a_mailbox_chooses(mailbox: str, tag: str) -> None:
    assert tag_of(mailbox) == tag
