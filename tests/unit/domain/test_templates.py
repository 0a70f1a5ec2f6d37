"""Templates: what authors may write, and what they can't do with it."""

from collections.abc import Mapping
from contextlib import suppress
from time import thread_time

import pytest
from liquid import Environment

from worker.domain.content.campaign_words import Template
from worker.domain.content.render import ContentError, check, render
from worker.domain.content.templates import (
    ESCAPED,
    PLAIN,
    TemplateFault,
    parse_template,
    render_template,
)
from worker.domain.content.tickets import Text
from worker.domain.statuses import Channel

SECRET = "s3cret-value"


def sms(body: str, **variables: str) -> str:
    content = render(Template(channel=Channel.SMS, body=body), variables)
    assert isinstance(content, Text)
    return content.body


def fault(template: Template, variables: Mapping[str, str] | None = None) -> str:
    with pytest.raises(ContentError) as error:
        render(template, variables or {})
    assert SECRET not in str(error.value)
    return str(error.value)


def say(words: str) -> str:
    return f"<Response><Say>{words}</Say></Response>"


def test_a_variable_is_never_a_template() -> None:
    assert sms("{{ name }}", name="{{ 7 | times: 7 }}{% raw %}") == "{{ 7 | times: 7 }}{% raw %}"


@pytest.mark.parametrize(
    "template",
    [
        Template(channel=Channel.VOICE, twiml=say("Due on {{ due_date }}")),
        Template(channel=Channel.VOICE, url="https://twiml.example/{{ due_date }}"),
        Template(channel=Channel.SMS, body="{% if due_date %}Due{% endif %}"),
        Template(channel=Channel.SMS, body="{% for part in due_date %}x{% endfor %}"),
        Template(channel=Channel.SMS, body="{{ due_date | upcase }}"),
        Template(channel=Channel.EMAIL, subject="{{ due_date }}", text="x"),
        Template(channel=Channel.EMAIL, subject="x", html="{{ due_date }}"),
        Template(channel=Channel.EMAIL, subject="x", text="{{ due_date }}"),
    ],
)
def test_a_missing_variable_is_named(template: Template) -> None:
    assert fault(template, {"name": SECRET}).endswith("variable 'due_date' is missing")


def test_a_default_stands_in_for_a_missing_variable() -> None:
    assert sms("Hi {{ name | default: 'there' }}") == "Hi there"


@pytest.mark.parametrize("name", ["now", "today"])
def test_there_is_no_clock_in_a_template(name: str) -> None:
    assert fault(Template(channel=Channel.SMS, body=f"{{{{ {name} }}}}")) == (
        f"body: variable '{name}' is missing"
    )


@pytest.mark.parametrize(
    "body",
    [
        "{% for i in (1..1000000000) %}x{% endfor %}",
        "{% for i in (1..999) %}{% for j in (1..999) %}x{% endfor %}{% endfor %}",
        "{% assign a = 'x' %}{% for i in (1..60) %}{% assign a = a | append: a %}{% endfor %}",
        "{% for i in (1..900) %}{{ long }}{% endfor %}",
    ],
)
def test_a_template_cannot_run_away(body: str) -> None:
    template = Template(channel=Channel.SMS, body=body)

    assert fault(template, {"long": "x" * 5000}) == "body: it grows too long"


def over(n: int, body: str) -> str:
    return f"{{% for i in (1..{n}) %}}{body}{{% endfor %}}"


COSTLY = {
    "loops beside loops": over(1000, "") * 4000,
    "loops in loops": over(30, over(30, "{% if word %}{% endif %}" * 50)),
    "many steps in a loop": over(1000, "{% if word %}{% endif %}" * 6000),
    "words in words": over(1000, "{% if long contains word %}{% endif %}" * 100),
    "a filter on a long value": over(1000, "{% assign q = long | url_encode %}" * 100),
    "a filter without a loop": "{{ long | url_encode | size }}" * 7000,
    "filters on filters": "{{ long" + " | upcase" * 20_000 + " | size }}",
    "a long list": "{% assign a = long | split: 'x' %}" + over(1000, "{{ a }}"),
    "a list again and again": "{% assign a = list | split: ',' %}" + over(1000, "{{ a }}" * 100),
    "what is written out": over(1000, ("{% if 'a' == 'b'" + " or 'a' == 'b'" * 100 + " %}{% endif %}") * 20),
    "a number of many digits": "{% assign a = 99 %}" + over(60, "{% assign a = a | times: a %}"),
}  # fmt: skip


@pytest.mark.parametrize("source", COSTLY.values(), ids=COSTLY)
def test_a_template_keeps_no_thread_busy(source: str) -> None:
    words = {"word": "xxxxy", "long": "x" * 200_000, "list": "," * 999}
    with suppress(TemplateFault):
        parse_template(PLAIN, source)
    before = thread_time()

    with pytest.raises(TemplateFault):
        render_template(PLAIN, source, words)

    assert thread_time() - before < 2.0


ORDINARY = {
    "a thousand lines": "x" * 8_000 + over(1000, "<li>{{ i }}{% if i == 3 %}!{% endif %}</li>"),
    "a long mail": "x" * 60_000 + over(60, "<li>{{ i }}</li>") + "{{ word | upcase }}" * 500,
}


@pytest.mark.parametrize("source", ORDINARY.values(), ids=ORDINARY)
def test_an_ordinary_template_is_rendered(source: str) -> None:
    assert render_template(PLAIN, source, {"word": "x"})


@pytest.mark.parametrize("depth", [300, 9_000])
def test_what_is_nested_too_deeply_is_no_valid_template(depth: int) -> None:
    body = "{% if a %}" * depth + "{% endif %}" * depth

    assert check(Template(channel=Channel.SMS, body=body)) == ["body: it is no valid template"]


@pytest.mark.parametrize(
    ("template", "faults"),
    [
        (Template(channel=Channel.SMS, body="Hi {{ name }}"), []),
        (Template(channel=Channel.VOICE, twiml=say("Hi {{ name }}")), []),
        (Template(channel=Channel.VOICE, twiml="{% if a %}<Response/>{% endif %}"), []),
        (
            Template(channel=Channel.SMS, body="Hi\n{{ name"),
            ["body: line 2: expected '}}', found end of file"],
        ),
        (
            Template(channel=Channel.SMS, body="{{ a | join: ',' }}"),
            ["body: there is no filter 'join'"],
        ),
        (Template(channel=Channel.SMS, body="{{ a | safe }}"), ["body: there is no filter 'safe'"]),
        (
            Template(channel=Channel.SMS, body="{% include 'x' %}"),
            ["body: line 1: unexpected tag 'include'"],
        ),
        (
            Template(channel=Channel.VOICE, twiml=say("{{ a }}") + "x"),
            ["twiml: it is not well-formed XML (line 1)"],
        ),
        (
            Template(channel=Channel.VOICE, url="{{ a }}/x"),
            ["url: it must begin with http:// or https:// and a host without variables"],
        ),
        (
            Template(channel=Channel.EMAIL, subject="{{", html="{% if %}"),
            [
                "subject: line 1: expected '}}', found end of file",
                "html: line 1: missing expression",
            ],
        ),
        (
            Template(channel=Channel.SMS, body="x" * 200_001),
            ["body: it is longer than 200000 characters"],
        ),
    ],
)
def test_a_template_is_checked_before_any_variable_is_known(
    template: Template, faults: list[str]
) -> None:
    assert check(template) == faults


PLAIN_WORDS = [
    "Hello {{ name }}",
    "{{name}}, at {{ when }}: {{ name }}",
    " {{ name }}\n<b>{{ when }}</b> } {",
    "no variable",
]


@pytest.mark.parametrize("environment", [PLAIN, ESCAPED], ids=["plain", "escaped"])
@pytest.mark.parametrize("source", PLAIN_WORDS)
def test_plain_variables_are_rendered_as_liquid_would(
    environment: Environment, source: str
) -> None:
    variables = {"name": '<Ana> & "Bo\'s" {{ when }}', "when": "ten é"}
    assert render_template(environment, source, variables) == parse_template(
        environment, source
    ).render(variables)
