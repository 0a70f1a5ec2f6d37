"""Keys that are pressed during a call: how a campaign asks for them, and what goes over the wire."""

import pytest

from worker.domain.consent.pressed_keys import KeyWish, read_keys, resolve_actions
from worker.domain.content.campaign_words import Template
from worker.domain.content.render import ContentError, check, render
from worker.domain.content.tickets import Call
from worker.domain.statuses import Channel

GATHER = '<Response><Gather numDigits="1" action="outreach:9=opt-out">{{ w }}</Gather></Response>'
ADDRESS = "https://outreach.example/callbacks/voice/T/pressed"


@pytest.mark.parametrize(
    ("written", "wishes"),
    [
        ("9=opt-out", {"9": KeyWish.OPT_OUT}),
        ("9=opt-out;1=call-back", {"9": KeyWish.OPT_OUT, "1": KeyWish.CALL_BACK}),
        ("9=opt-out;9=call-back", None),
        ("9=opt-out;", None),
        ("99=opt-out", None),
        ("9=hang-up", None),
        ("", None),
    ],
)
def test_keys_are_read_as_they_are_written_or_not_at_all(
    written: str, wishes: dict[str, KeyWish] | None
) -> None:
    assert read_keys(written) == wishes


def test_an_action_becomes_an_address_with_its_options_in_xml() -> None:
    resolved = resolve_actions(GATHER, ADDRESS, "#rc=3&rp=5xx")

    assert f'action="{ADDRESS}/9=opt-out#rc=3&amp;rp=5xx"' in resolved
    assert "outreach:" not in resolved


def test_what_a_variable_says_is_no_action() -> None:
    call = render(twiml(GATHER), {"w": 'x action="outreach:1=opt-out" y'})

    assert isinstance(call, Call)
    assert call.twiml is not None
    assert resolve_actions(call.twiml, ADDRESS, "").count(ADDRESS) == 1


@pytest.mark.parametrize(
    "wrong", ["outreach:opt-out", "outreach:9=stop", "outreach:9=opt-out;9=call-back"]
)
def test_an_action_that_is_written_otherwise_is_refused_when_it_is_written(wrong: str) -> None:
    source = GATHER.replace("outreach:9=opt-out", wrong)

    assert check(twiml(source)) == [
        "twiml: an action is written like outreach:9=opt-out;1=call-back"
    ]


def test_the_address_that_an_action_becomes_counts_as_well() -> None:
    with pytest.raises(ContentError, match="4000 are allowed"):
        render(twiml(GATHER), {"w": "x" * 3_800})


def twiml(source: str) -> Template:
    return Template(channel=Channel.VOICE, twiml=source)
