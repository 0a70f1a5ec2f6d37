"""What is said: variables in their places, and nothing that can't be sent."""

from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.domain.content.campaign_words import Template
from worker.domain.content.render import ContentError, render
from worker.domain.content.tickets import Call, Mail, Text
from worker.domain.statuses import Channel

SECRET = "s3cret-value"


def call(twiml: str, **variables: str) -> Call:
    content = render(
        Template(channel=Channel.VOICE, twiml=twiml, caller_id="+15125550100"), variables
    )
    assert isinstance(content, Call)
    return content


def sms(body: str, **variables: str) -> str:
    content = render(Template(channel=Channel.SMS, body=body), variables)
    assert isinstance(content, Text)
    return content.body


def mail(variables: Mapping[str, str] | None = None, **fields: Any) -> Mail:
    content = render(Template(channel=Channel.EMAIL, **fields), variables or {})
    assert isinstance(content, Mail)
    return content


def parsed(spoken: Call) -> ET.Element:
    return ET.fromstring(spoken.twiml or "")  # noqa: S314  our own output


def fault(template: Template, variables: Mapping[str, str] | None = None) -> str:
    with pytest.raises(ContentError) as error:
        render(template, variables or {})
    assert SECRET not in str(error.value)
    return str(error.value)


def say(words: str) -> str:
    return f"<Response><Say>{words}</Say></Response>"


def test_a_call_is_spoken_with_its_variables() -> None:
    assert call(say("Hi {{ name }}"), name="Ana") == Call(
        twiml=say("Hi Ana"), url=None, caller_id="+15125550100"
    )


def test_a_variable_cannot_become_markup_in_a_call() -> None:
    hostile = "Foo & Bar</Say><Dial>+19005550100</Dial><Say>"

    root = parsed(call(say("Hi {{ name }}"), name=hostile))

    assert [child.tag for child in root] == ["Say"]
    assert root[0].text == f"Hi {hostile}"


@given(
    st.text(), st.sampled_from(["{{ name }}", "{{ name | upcase }}", "{{ name | append: '<' }}"])
)
def test_any_variable_gives_well_formed_twiml_or_a_fault(name: str, place: str) -> None:
    try:
        spoken = call(say(place), name=name)
    except ContentError:
        return
    assert [child.tag for child in parsed(spoken)] == ["Say"]


def test_a_text_is_not_escaped() -> None:
    assert sms("{{ a }} & {{ b }}", a="<Foo>", b='"Bar"') == '<Foo> & "Bar"'


def test_html_is_escaped_and_plain_parts_are_not() -> None:
    rendered = mail(
        {"name": "<Ana & Co>"}, subject="Hi {{ name }}", html="<p>{{ name }}</p>", text="{{ name }}"
    )

    assert rendered == Mail("Hi <Ana & Co>", "<p>&lt;Ana &amp; Co&gt;</p>", "<Ana & Co>")


def test_a_provider_template_gets_the_variables() -> None:
    assert mail({"name": "Ana"}, template_id="d-1") == Mail(
        None, None, None, template_id="d-1", template_data={"name": "Ana"}
    )


def test_a_url_escapes_its_variables() -> None:
    template = Template(channel=Channel.VOICE, url="https://twiml.example/say?name={{ name }}&v=1")

    assert render(template, {"name": "Ana & Co/é"}) == Call(
        twiml=None, url="https://twiml.example/say?name=Ana%20%26%20Co%2F%C3%A9&v=1"
    )


@pytest.mark.parametrize("character", ["\x00", "\x07", "\x1b", "\x7f", "\x85", "\ud800", "\uffff"])
@pytest.mark.parametrize(
    "template",
    [
        Template(channel=Channel.VOICE, twiml=say("{{ name }}")),
        Template(channel=Channel.VOICE, url="https://twiml.example/{{ name }}"),
        Template(channel=Channel.SMS, body="{{ name }}"),
        Template(channel=Channel.EMAIL, subject="{{ name }}", text="x"),
        Template(channel=Channel.EMAIL, template_id="d-1"),
    ],
    ids=["twiml", "url", "body", "mail", "provider's template"],
)
def test_a_control_character_in_a_variable_is_refused(template: Template, character: str) -> None:
    variables = {"other": "fine", "name": f"{SECRET}{character}"}

    assert fault(template, variables) == "variable 'name' contains a control character"


@pytest.mark.parametrize("line_break", ["\r", "\n", "\r\n", "\u2028"])
def test_a_subject_is_one_line(line_break: str) -> None:
    template = Template(channel=Channel.EMAIL, subject="Hi {{ name }}", text="x")

    assert fault(template, {"name": f"Ana{line_break}Bcc: eva@example.com"}) == (
        "subject: variable 'name' contains a line break"
    )


def test_a_control_character_of_the_author_is_the_templates() -> None:
    assert fault(Template(channel=Channel.SMS, body="a\x07b")) == (
        "body: the template contains a control character"
    )


def test_line_breaks_and_tabs_are_fine_in_a_text() -> None:
    assert sms("{{ name }}", name="a\r\n\tb") == "a\n\tb"


@pytest.mark.parametrize(
    ("template", "sentence"),
    [
        (Template(channel=Channel.SMS, body=" {{ blank }}\n"), "body: there is nothing to say"),
        (
            Template(channel=Channel.SMS, body="{{ long }}"),
            "body: it has 5000 characters, 1600 are allowed",
        ),
        (
            Template(channel=Channel.VOICE, twiml=say("{{ long }}")),
            "twiml: it has 5032 characters, 4000 are allowed",
        ),
        (
            Template(channel=Channel.VOICE, twiml="<Response><Say></Response>"),
            "twiml: it is not well-formed XML (line 1)",
        ),
        (
            Template(channel=Channel.VOICE, twiml="<Say>Hi</Say>"),
            "twiml: its outermost element must be Response",
        ),
        (
            Template(
                channel=Channel.VOICE,
                twiml='<!DOCTYPE r [<!ENTITY a "b">]><Response>&a;</Response>',
            ),
            "twiml: a document type or CDATA section is not allowed",
        ),
        (
            Template(channel=Channel.VOICE, url="https://{{ blank }}.example/"),
            "url: it must begin with http:// or https:// and a host without variables",
        ),
        (
            Template(channel=Channel.VOICE, url="ftp://host.example/"),
            "url: it must begin with http:// or https:// and a host without variables",
        ),
        (
            Template(channel=Channel.VOICE, url="https://host.example/a b"),
            "url: it is not an http:// or https:// address",
        ),
        (Template(channel=Channel.EMAIL, subject="{{ blank }}", text="x"), "subject: it is empty"),
        (
            Template(channel=Channel.EMAIL, subject="x", text="{{ blank }}"),
            "html: there is nothing to say",
        ),
        (
            Template(channel=Channel.SMS, body="{{ 5 | divided_by: 0 }}"),
            "body: it can't be rendered with this request's variables (FilterArgumentError)",
        ),
    ],
)
def test_what_cannot_be_sent_is_one_sentence(template: Template, sentence: str) -> None:
    assert fault(template, {"blank": "", "long": "x" * 5000}) == sentence
