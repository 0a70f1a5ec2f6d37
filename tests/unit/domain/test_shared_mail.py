"""Mails that share their words: what travels once, and what each recipient's part says."""

from typing import Any

import pytest

from worker.domain.content.campaign_words import Template
from worker.domain.content.render import ContentError, render
from worker.domain.content.shared_mail import LONGEST_SUBSTITUTIONS, form
from worker.domain.content.tickets import Mail
from worker.domain.statuses import Channel

VARIABLES = {"name": "Ana & Ben <x>", "sum": "$5"}


def mail(**fields: Any) -> Mail:
    words: dict[str, Any] = {
        "subject": "About {{ sum }}",
        "text": "Hello {{name}}, {{ sum }}. {{ name }}!",
    }
    rendered = render(Template(channel=Channel.EMAIL, **words | fields), VARIABLES)
    assert isinstance(rendered, Mail)
    return rendered


def as_read(one: Mail) -> dict[str, str]:
    """What the recipient reads once the provider has filled the places."""
    texts = {"subject": one.subject, "html": one.html, "text": one.text}
    read = {name: text for name, text in texts.items() if text is not None}
    for mark, value in (one.substitutions or {}).items():
        read = {name: text.replace(mark, value) for name, text in read.items()}
    return read


def test_what_is_read_is_what_rendering_would_have_made() -> None:
    words = {"html": "<p>Hello {{ name }}</p>"}

    assert as_read(mail(**words)) == {
        "subject": "About $5",
        "text": "Hello Ana & Ben <x>, $5. Ana & Ben <x>!",
        "html": "<p>Hello Ana &amp; Ben &lt;x&gt;</p>",
    }
    assert mail(**words).substitutions
    assert as_read(mail(**words)) == as_read(mail(**words, subject="About {{ sum | strip }}"))


def test_mails_of_one_campaign_share_a_form() -> None:
    assert mail().form == mail().form
    assert mail().form != mail(text="Bye {{ name }}").form
    assert mail(template_id="d-1").form is not None


ALONE = {
    "a filter": {"text": "Hello {{ name | upcase }}"},
    "a condition": {"text": "Hello {% if name %}you{% endif %}"},
    "a number": {"text": "Hello {{ 5 }}"},
    "a path": {"text": "Hello {{ name.size }}"},
    "a word of the language": {"text": "Hello {{ empty }}"},
    "whitespace control": {"text": "Hello {{- name -}}"},
    "nothing but a variable": {"subject": "{{ name }}"},
}


@pytest.mark.parametrize("fields", ALONE.values(), ids=ALONE)
def test_bodies_with_more_than_variables_are_rendered_one_by_one(fields: dict[str, str]) -> None:
    assert mail(**fields).form is None


def test_values_too_long_to_travel_beside_are_rendered_into_the_mail() -> None:
    made = form("About you", None, "Hello {{ name }}")
    assert made is not None

    assert made.filled({"name": "é" * (LONGEST_SUBSTITUTIONS // 2)}) is None
    assert made.filled({"name": "é" * (LONGEST_SUBSTITUTIONS // 2 - 100)})


@pytest.mark.parametrize(
    ("fields", "variables", "why"),
    [
        ({}, {"name": "Ana"}, "subject: variable 'sum' is missing"),
        (
            {},
            {"name": "Ana", "sum": "5\r\nBcc: x"},
            "subject: variable 'sum' contains a line break",
        ),
        ({}, {"name": "A\x00", "sum": "5"}, "variable 'name' contains a control character"),
    ],
    ids=["missing", "line break", "control character"],
)
def test_faults_are_those_of_rendering(
    fields: dict[str, Any], variables: dict[str, str], why: str
) -> None:
    template = Template(
        channel=Channel.EMAIL, subject="About {{ sum }}", text="Hi {{ name }}", **fields
    )

    with pytest.raises(ContentError) as fault:
        render(template, variables)

    assert str(fault.value) == why


def test_a_value_can_not_name_a_place() -> None:
    """Marks are random and of this process: a value that repeats another's guess fills nothing."""
    made = form("About you", None, "{{ a }} and {{ b }}")
    assert made is not None

    first, second = (place.mark for place in made.places)
    assert first != second
    assert len(first) > len("--text-a-") + 10
