import pytest
from sqlalchemy import Engine

from worker.desk.campaigns import create_campaign, list_campaigns, show_campaign, update_campaign
from worker.domain.errors import CampaignConflict, UnknownCampaign, WrongFields

ANA = "ana@example.com"
BEN = "ben@example.com"
SMS: dict[str, object] = {
    "campaign_name": "Late payments",
    "mode": "sms",
    "source": "+15125550100",
    "body": "Hello {{ name }}",
    "campaign_variables": {"name": "you"},
    "active_days": ["mon", "tue"],
    "webhooks": [{"url": "https://example.com/hook"}],
    "retry_interval": "12h",
}


def test_a_campaign_reads_back_as_it_was_written(engine: Engine) -> None:
    made = create_campaign(engine, SMS, by=ANA)

    read = show_campaign(engine, "Late payments")

    assert read == made
    assert {name: read.to_wire()[name] for name in SMS} == SMS
    assert read.last_updated_by == ANA


def test_creating_it_again_with_equal_fields_changes_nothing(engine: Engine) -> None:
    first = create_campaign(engine, SMS, by=ANA)

    assert create_campaign(engine, SMS, by=BEN) == first
    assert len(list_campaigns(engine)) == 1


def test_creating_it_again_with_other_fields_is_a_conflict(engine: Engine) -> None:
    create_campaign(engine, SMS, by=ANA)

    with pytest.raises(CampaignConflict, match="different retry_count and body"):
        create_campaign(engine, SMS | {"retry_count": 1, "body": "Hi"}, by=ANA)


def test_a_campaign_is_found_by_id_too(engine: Engine) -> None:
    made = create_campaign(engine, SMS, by=ANA)

    assert show_campaign(engine, str(made.id)) == made


def test_a_name_made_of_digits_comes_before_an_id(engine: Engine) -> None:
    other = create_campaign(engine, SMS, by=ANA)
    named = create_campaign(engine, SMS | {"campaign_name": str(other.id)}, by=ANA)

    assert show_campaign(engine, str(other.id)) == named


def test_an_update_changes_only_what_is_named(engine: Engine) -> None:
    before = create_campaign(engine, SMS, by=ANA)

    after = update_campaign(engine, "Late payments", {"retry_count": 3}, by=BEN)

    assert after.fields == before.fields.model_copy(update={"retry_count": 3})
    assert after.last_updated_by == BEN
    assert after.updated_at > before.updated_at
    assert show_campaign(engine, "Late payments") == after


def test_an_update_that_does_not_fit_is_refused_whole(engine: Engine) -> None:
    before = create_campaign(engine, SMS, by=ANA)

    with pytest.raises(WrongFields, match="body"):
        update_campaign(engine, "Late payments", {"retry_count": 3, "body": None}, by=BEN)

    assert show_campaign(engine, "Late payments") == before


def test_a_campaign_can_not_take_the_name_of_another(engine: Engine) -> None:
    create_campaign(engine, SMS, by=ANA)
    create_campaign(engine, SMS | {"campaign_name": "Other"}, by=ANA)

    with pytest.raises(CampaignConflict):
        update_campaign(engine, "Other", {"campaign_name": "Late payments"}, by=ANA)


@pytest.mark.parametrize("reference", ["nobody", "7", "9" * 30, "²"])
def test_an_unknown_campaign_is_named(engine: Engine, reference: str) -> None:
    with pytest.raises(UnknownCampaign, match=reference):
        show_campaign(engine, reference)


def test_a_template_that_can_not_be_parsed_is_refused(engine: Engine) -> None:
    with pytest.raises(WrongFields, match="body"):
        create_campaign(engine, SMS | {"body": "Hello {{ name"}, by=ANA)
