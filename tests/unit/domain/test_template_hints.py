"""What an author probably did not mean, and what a template can't do without."""

import time

import pytest

from worker.domain.content.campaign_words import Template
from worker.domain.content.needed_variables import find_needed
from worker.domain.content.render import ContentError, preview_words, render
from worker.domain.content.template_hints import hints
from worker.domain.content.tickets import Text
from worker.domain.statuses import Channel


def sms(body: str) -> Template:
    return Template(channel=Channel.SMS, body=body)


@pytest.mark.parametrize(
    "written",
    [
        *("{name}", "{ name }", "[name]", "[ name ]", "%name%", "%%name%%", "${name}"),
        *("<<name>>", "&lt;&lt;name&gt;&gt;", "«name»", "*|name|*", "<name>", "< name >"),
        *("$name", "{$name}", "#{name}", "@{name}", "{:name}", "{!name}", "#name#", "##name##"),
        *(
            "__name__",
            "<%= name %>",
            "%(name)s",
            "{}",
            "{0}",
            "%s",
            "\uff5bname\uff5d",
            "\uff3bname\uff3d",
        ),
        *("{name|friend}", "[name,fallback=friend]", "[$name]", "{name:formal}", "name}}"),
        *("@name@", "@@name@@", "~name~", "|name|", "((name))", "\u2039name\u203a"),
    ],
)
def test_a_variable_of_another_program_is_warned_of(written: str) -> None:
    assert hints(sms(f"Hi {written}, call us")) == [
        f"body: {written!r} is sent as it stands; a variable is written {{{{ name }}}}"
    ]


@pytest.mark.parametrize(
    ("written", "ours"),
    [
        *(
            ("{First Name}", "First_Name"),
            ("[FIRST NAME]", "FIRST_NAME"),
            ("%First Name%", "First_Name"),
        ),
        *(
            ("{first-name}", "first_name"),
            ("${customer.name}", "customer_name"),
            ("{prénom}", "prénom"),
        ),
        *(("{!Contact.First}", "Contact_First"), ("[имя]", "имя"), ("{名前}", "名前")),
    ],
)
def test_so_is_one_whose_name_is_written_as_people_write_names(written: str, ours: str) -> None:
    assert hints(sms(f"Hi {written}, call us")) == [
        f"body: {written!r} is sent as it stands; a variable is written {{{{ {ours} }}}}"
    ]


def test_what_a_style_says_is_no_variable() -> None:
    html = (
        "<style>p{color:red} @media print{p{color: red}}</style><p>Hi (name) a@b.example ~ 5|6</p>"
    )

    assert hints(Template(channel=Channel.EMAIL, subject="x", html=html)) == []


@pytest.mark.parametrize(
    "text",
    [
        "{% if overdue %}x{% endif %}",
        "{% assign z = overdue %}{% if z %}x{% endif %}",
        "{% assign z = overdue | strip | downcase %}{% if z %}x{% endif %}",
        "{% capture z %}{{ overdue }}{% endcapture %}{% unless z %}x{% endunless %}",
        "{% assign z = 1 | plus: 1 %}{% assign z = overdue %}{% if z %}x{% endif %}",
        "{% liquid\nif overdue\necho 'x'\nendif %}",
    ],
)
def test_the_truth_of_a_text_is_warned_of_by_whatever_name(text: str) -> None:
    [told] = hints(sms(text))

    assert "is true whatever its text, also for 'false' and an empty cell" in told


@pytest.mark.parametrize(
    "text",
    [
        "{% assign z = overdue == 'yes' %}x",
        "{% assign z = names | split: ',' | first %}{% if z %}x{% endif %}",
        "{% assign z = 'a,b' | split: ',' | size %}{% if z > 1 %}x{% endif %}",
        "{% assign z = false %}{% if a == 'x' %}{% assign z = true %}{% endif %}{% if z %}x{% endif %}",
        "{% assign m = a | plus: 0 %}{% assign z = m %}{% if z > 1 %}x{% endif %}",
        "{% for n in (1..3) %}{% if n > 1 %}x{% endif %}{% endfor %}",
    ],
)
def test_what_a_template_computes_is_no_text(text: str) -> None:
    assert hints(sms(text)) == []


@pytest.mark.parametrize(
    "long",
    [
        "{% assign z = x" + " " * 50_000 + "y %}",
        "{% assign z = x" + " | strip" * 20_000 + " %}",
        "|a" * 50_000,
        "a } " * 30_000,
    ],
    ids=["blanks", "filters", "bars", "braces"],
)
def test_a_long_template_is_read_in_little_time(long: str) -> None:
    began = time.process_time()

    hints(sms(long))

    assert time.process_time() - began < 2


def test_a_tag_of_a_mail_is_none_and_what_an_editor_makes_of_it_is() -> None:
    mail = Template(channel=Channel.EMAIL, subject="x", html="<p>Hi &lt;name&gt; <b>you</b></p>")

    assert [one.partition(" is sent")[0] for one in hints(mail)] == ["html: '&lt;name&gt;'"]


@pytest.mark.parametrize(
    "body",
    [
        "Hi {{ name }}, {{name}}!",
        "the price is $5, US$10 or 5$, not #1 and #2, a <3 for you",
        "call us [Mon-Fri, 9 to 5] or write to a@example.com (name)",
        "pay 100%sure, 20%off and 30%more",
        "{% if a == 'x' %}a{% endif %}{% case b %}{% when 'x' %}{{ b }}{% endcase %}",
        "{% assign n = a | plus: 0 %}{% case n %}{% when 5 %}x{% endcase %}",
        "{% assign n = a | plus: 0 %}{% assign m = b | plus: 0 %}{% if n > m %}x{% endif %}",
        "20% off and 30% more",
        "see a[1] or list[name]",
        "{% if a == 'x' %}{{ b }}{% endif %}",
        "https://example.com/%C3%A9%20",
        "{% assign ok = true %}{% if ok %}x{% endif %}",
        "{% assign n = amount | plus: 0 %}{% if n > 5 %}x{% endif %}",
        "{% for part in parts %}{% if forloop %}x{% endif %}{% endfor %}",
    ],
)
def test_what_is_meant_is_not(body: str) -> None:
    assert hints(sms(body)) == []


def test_comments_and_styles_of_a_mail_are_not() -> None:
    html = "<!--[if mso]><style>a {color:red}</style><![endif]--><p>{{ name }}</p>"

    assert hints(Template(channel=Channel.EMAIL, subject="x", html=html)) == []


@pytest.mark.parametrize(
    "condition",
    ["if overdue", "unless overdue", "if a == 'x' and overdue", "if a == 'x' %}{% elsif overdue"],
)
def test_the_truth_of_a_text_is_warned_of(condition: str) -> None:
    end = "endunless" if condition.startswith("unless") else "endif"
    said = hints(sms(f"{{% {condition} %}}x{{% {end} %}}"))

    assert [one.startswith("body: 'overdue' is true whatever its text") for one in said] == [True]


@pytest.mark.parametrize("comparison", ["amount > 5", "amount == 5", "5 < amount", "amount <= 0.5"])
def test_a_text_compared_with_a_number_is_warned_of(comparison: str) -> None:
    said = hints(sms(f"{{% if {comparison} %}}x{{% endif %}}"))

    assert [one.startswith("body: 'amount' is a text, and no text compares") for one in said] == [
        True
    ]


@pytest.mark.parametrize("of", ["5", "'x', 5", "'x' or 5"])
def test_so_is_a_case_of_numbers(of: str) -> None:
    said = hints(sms(f"{{% case amount %}}{{% when {of} %}}x{{% else %}}y{{% endcase %}}"))

    assert [one.startswith("body: 'amount' is a text, and no text compares") for one in said] == [
        True
    ]


@pytest.mark.parametrize("comparison", ["overdue == true", "overdue != false", "true == overdue"])
def test_a_text_compared_with_true_or_false_is_warned_of(comparison: str) -> None:
    said = hints(sms(f"{{% if {comparison} %}}x{{% endif %}}"))

    assert [
        one.startswith("body: 'overdue' is a text, and none is true or false") for one in said
    ] == [True]


@pytest.mark.parametrize("comparison", ["paid < owed", "paid >= '200'", "'200' < paid"])
def test_the_order_of_texts_is_warned_of(comparison: str) -> None:
    said = hints(sms(f"{{% if {comparison} %}}x{{% endif %}}"))

    assert [
        one.startswith("body: 'paid' is a text, and '9' comes behind '10'") for one in said
    ] == [True]
    shown = render(sms("{% if paid < '10' %}little{% else %}much{% endif %}"), {"paid": "9"})
    assert getattr(shown, "body", None) == "much", "as the warning says"


def test_every_text_is_true() -> None:
    """As Liquid has it, and as the warning says."""
    for text in ("false", "", "no", "0"):
        shown = render(sms("{% if overdue %}pay{% endif %} now"), {"overdue": text})
        assert getattr(shown, "body", None) == "pay now"


SECRET = "1,000.50"
COMPUTED = [
    *("{{ a | times: 1 }}", "{{ a | plus: 1 }}", "{{ a | minus: 1 }}", "{{ a | divided_by: 2 }}"),
    *("{{ a | modulo: 2 }}", "{{ a | round: 2 }}", "{{ a | floor }}", "{{ a | ceil }}", "{{ a | abs }}"),
    *("{{ a | at_least: 1 }}", "{{ a | at_most: 1 }}", "{{ 1 | plus: a }}", "{{ 7 | at_most: a }}"),
    "{% assign b = a | times: 2 %}{{ b }}",
]  # fmt: skip
COUNTED = "{% for i in (1..a) %}x{% endfor %}y"


@pytest.mark.parametrize("body", [*COMPUTED, COUNTED])
@pytest.mark.parametrize(
    "text", [SECRET, "1.000,50", "€5", "5 EUR", "", "1e3", "NaN", "inf", "five"]
)
def test_what_is_no_number_is_never_computed_with(body: str, text: str) -> None:
    with pytest.raises(ContentError, match=r"is no (whole )?number like 10") as error:
        render(sms(body), {"a": text})

    assert not text or text not in str(error.value)


@pytest.mark.parametrize("body", COMPUTED)
@pytest.mark.parametrize("text", ["10", " 10 ", "+3", "2.50"])
def test_numbers_are(body: str, text: str) -> None:
    render(sms(body), {"a": text})


def test_a_range_counts_to_whole_numbers_alone() -> None:
    assert render(sms(COUNTED), {"a": " +3 "}) == Text("xxxy")
    with pytest.raises(ContentError, match="variable 'a' is no whole number like 10"):
        render(sms(COUNTED), {"a": "2.50"})


def test_what_no_request_can_do_without_is_found_before_one_is_rendered() -> None:
    body = sms("{{ name }} owes {{ amount | times: 2 }} by {{ due | default: 'soon' }}")

    assert find_needed(body, ["name"]) == ["amount"]
    assert find_needed(body, []) == ["name", "amount"]
    assert find_needed(body, ["name", "amount"]) == []


def test_what_only_some_requests_need_is_not_asked_for() -> None:
    assert find_needed(sms("{% if plan == 'x' %}{{ amount }}{% endif %}{{ name }}"), []) == []


def test_what_a_provider_s_template_needs_nobody_knows() -> None:
    assert (
        find_needed(Template(channel=Channel.EMAIL, subject="{{ x }}", template_id="d-1"), []) == []
    )


def test_a_mail_is_previewed_as_it_will_be_read() -> None:
    mail = Template(
        channel=Channel.EMAIL, subject="Hi {{ name }}", html="<p>{{ name }}</p>", text="{{ name }}!"
    )

    assert preview_words(mail, {"name": "A & B"}) == {
        "subject": "Hi A & B",
        "html": "<p>A &amp; B</p>",
        "text": "A & B!",
    }
