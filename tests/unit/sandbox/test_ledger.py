"""The judge's book."""

from worker.sandbox.ledger import Contact, Ledger


def contact(token: str | None, scenario: str = "answered") -> Contact:
    return Contact("call", "CA1", "+15125550100", "+15125550199", token, scenario, {"Twiml": "hi"})


def test_an_empty_book_has_no_figures() -> None:
    summary = Ledger().summary()

    assert (summary["contacts"], summary["contacts_per_token_max"]) == (0, 0)
    assert summary["duplicates"] == []


def test_a_second_contact_under_a_token_is_a_duplicate() -> None:
    ledger = Ledger()
    for token in ("a", "b", "a"):
        ledger.accept(contact(token))

    summary = ledger.summary()

    assert (summary["contacts"], summary["tokens"]) == (3, 2)
    assert (summary["contacts_per_token_max"], summary["duplicates"]) == (2, ["a"])


def test_contacts_without_a_token_are_counted_and_never_taken_for_duplicates() -> None:
    ledger = Ledger()
    ledger.accept(contact(None))
    ledger.accept(contact(None))

    summary = ledger.summary()

    assert (summary["contacts_without_token"], summary["duplicates"]) == (2, [])


def test_contacts_are_counted_by_scenario_and_posts_whether_accepted_or_not() -> None:
    ledger = Ledger()
    ledger.accept(contact("a", "busy"))
    ledger.note_post("+15125550199")
    ledger.note_post("+15125550199")

    assert ledger.summary()["by_scenario"] == {"busy": 1}
    assert ledger.summary()["posts"] == 2


def test_entries_leave_out_what_was_said() -> None:
    ledger = Ledger()
    ledger.accept(contact("a"))

    (entry,) = ledger.entries()

    assert "content" not in entry
    assert (entry["token"], entry["to"], entry["status"]) == ("a", "+15125550100", "queued")
