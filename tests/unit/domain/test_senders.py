"""What a text can come from, and what only looks like it."""

import pytest

from worker.domain.content.senders import SenderKind, kind_of, sender_hints
from worker.domain.contract.campaigns import campaign_fields
from worker.domain.errors import WrongFields

SERVICE = "MG" + "0a" * 16
SENDERS = {
    "+15125550100": SenderKind.NUMBER,
    "+18005550100": SenderKind.NUMBER,
    SERVICE: SenderKind.SERVICE,
    "12345": SenderKind.SHORT_CODE,
    "894546": SenderKind.SHORT_CODE,
    "Hill Clinic": SenderKind.NAME,
    "ACME": SenderKind.NAME,
    "A": SenderKind.NAME,
    "24-7_Fit&Co": SenderKind.NAME,
    "MG1": SenderKind.NAME,
}
NONE = [
    "", " ", "5125550100", "15125550100", "5550100", "01234", "12", "+1", SERVICE[:-1],
    SERVICE + "0", "MG" + "x" * 32, "Twelve chars", " Acme", "Acme ", "Ac\nme", "Käse", "a@b.example",
]  # fmt: skip


@pytest.mark.parametrize(("source", "kind"), SENDERS.items(), ids=SENDERS)
def test_a_sender_is_one_of_four_kinds(source: str, kind: SenderKind) -> None:
    assert kind_of(source) is kind


@pytest.mark.parametrize("source", NONE)
def test_what_is_none_is_refused_in_words(source: str) -> None:
    assert kind_of(source) is None
    with pytest.raises(WrongFields) as refused:
        campaign(source)
    assert any(fault.startswith("source: ") for fault in refused.value.faults)


@pytest.mark.parametrize("source", SENDERS)
def test_a_campaign_of_texts_takes_any_of_them_and_one_of_calls_a_number(source: str) -> None:
    campaign(source)
    if kind_of(source) is not SenderKind.NUMBER:
        with pytest.raises(WrongFields, match="source: must be a phone number like"):
            campaign(source, mode="voice", twiml="<Response/>", body=None)


def test_whoever_sends_under_a_name_is_told_that_nobody_can_say_stop() -> None:
    assert "STOP" in sender_hints("Acme")[0]
    assert [sender_hints(one) for one in ("+15125550100", SERVICE, "12345")] == [[], [], []]


def campaign(source: str, **values: object) -> None:
    fields: dict[str, object] = {"campaign_name": "C", "mode": "sms", "body": "Hi"}
    campaign_fields(fields | {"source": source} | values)
