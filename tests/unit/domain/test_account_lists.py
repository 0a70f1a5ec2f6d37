"""A campaign's accounts in order."""

import pytest

from tests.unit.domain.test_campaigns import MAIL, SMS
from worker.domain.contract.campaigns import apply_changes, campaign_fields
from worker.domain.errors import WrongFields

LISTED: dict[str, object] = SMS | {"accounts": ["north", "south"]}


def test_the_first_of_a_list_is_the_account() -> None:
    fields = campaign_fields(LISTED)

    assert (fields.account, fields.accounts) == ("north", ("north", "south"))


def test_one_account_is_a_list_of_one_and_ends_a_longer_list() -> None:
    listed = campaign_fields(LISTED | {"account_sources": {"south": "+15125550199"}})

    fields = apply_changes(listed, {"account": "south"})

    assert (fields.account, fields.accounts, fields.account_sources) == ("south", (), {})


def test_another_list_begins_with_another_account() -> None:
    assert apply_changes(campaign_fields(LISTED), {"accounts": ["south"]}).account == "south"


def test_what_has_nothing_to_do_with_accounts_leaves_them() -> None:
    listed = campaign_fields(LISTED)

    assert apply_changes(listed, {"body": "Good day"}).accounts == listed.accounts


@pytest.mark.parametrize(
    ("values", "fault"),
    [
        ({"account": "south"}, "account: must be the first of accounts, or left out"),
        ({"accounts": ["north", "north"]}, "accounts: must name each account once"),
        (
            {"account_sources": {"east": "+15125550199"}},
            "account_sources: east is none of accounts",
        ),
        ({"accounts": ["north", "Not One"]}, "accounts.1: must be up to 30 small letters"),
        ({"accounts": [*"abcdef"]}, "accounts: "),
        ({"account_sources": {"south": "me@example.com"}}, "account_sources.south: must be"),
    ],
)
def test_what_does_not_fit_together_is_told(values: dict[str, object], fault: str) -> None:
    with pytest.raises(WrongFields) as told:
        campaign_fields(LISTED | values)

    assert str(told.value).startswith(fault), told.value


def test_mail_is_sent_from_mailboxes_whatever_the_account() -> None:
    listed = MAIL | {"accounts": ["main", "north"], "account_sources": {"north": "me@example.org"}}

    assert campaign_fields(listed).account_sources == {"north": "me@example.org"}
