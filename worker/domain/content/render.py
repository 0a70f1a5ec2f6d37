"""Rendering for one recipient: the campaign's words with the request's variables in them, checked.

Everything a provider would refuse, or a phone would stumble over, is refused here, before anybody is
contacted. A fault names the field and the variable, and never a value.
"""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from urllib.parse import quote, urlsplit
from xml.etree import ElementTree as ET

from liquid import Environment

from worker.domain.consent.pressed_keys import LONGEST_ADDRESS, count_actions, find_faults
from worker.domain.content.campaign_words import Template
from worker.domain.content.shared_mail import MailShape, form
from worker.domain.content.templates import (
    ESCAPED,
    PLAIN,
    TemplateFault,
    parse_template,
    render_template,
)
from worker.domain.content.tickets import Call, Content, Mail, Text
from worker.domain.errors import Mistake
from worker.domain.statuses import Channel

# https://www.twilio.com/docs/voice/api/call-resource#twiml
LONGEST_TWIML = 4_000
# https://www.twilio.com/docs/messaging/api/message-resource#body
LONGEST_SMS = 1_600

# Not XML, and nothing a person can read: an XML with one of these is answered with silence. Tab and
# line breaks stay; lone surrogates can't be encoded at all.
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
LINE_BREAK = re.compile(r"[\r\n\u2028\u2029]")

# The host is the author's to choose, not the variables'.
FIXED_HOST = re.compile(r"https?://[^\s/?#{}]+(?:[/?#]|$)", re.IGNORECASE)


class ContentError(Mistake):
    """This content can't be sent; the text is one clear sentence."""


ENVIRONMENTS: dict[str, Environment] = {
    "twiml": ESCAPED,
    "url": PLAIN,
    "body": PLAIN,
    "subject": PLAIN,
    "html": ESCAPED,
    "text": PLAIN,
}


def render(template: Template, variables: Mapping[str, str]) -> Content:
    """The content for one recipient.

    Raises:
        ContentError: a variable is missing, or the result can't be sent.
    """
    _check_values(variables)
    match template.channel:
        case Channel.VOICE:
            return _call(template, variables)
        case Channel.SMS:
            return Text(_field("body", template.body, variables, _check_sms))
        case Channel.EMAIL:
            return _mail(template, variables)


def preview_words(template: Template, variables: Mapping[str, str]) -> dict[str, str]:
    """The words for one recipient by field, as they will be read; a provider's template is only named.

    Raises:
        ContentError: as `render`.
    """
    _check_values(variables)
    if template.channel is Channel.VOICE:
        call = _call(template, variables)
        return _given(twiml=call.twiml, url=call.url)
    if template.channel is Channel.SMS:
        return {"body": _field("body", template.body, variables, _check_sms)}
    if template.template_id is not None:
        return {"template_id": template.template_id, **variables}
    mail = _own_mail(template, variables)
    return _given(subject=mail.subject, text=mail.text, html=mail.html)


def _given(**fields: str | None) -> dict[str, str]:
    return {name: value for name, value in fields.items() if value is not None}


def _check_values(variables: Mapping[str, str]) -> None:
    for name, value in variables.items():
        if CONTROL.search(value):
            raise ContentError(f"variable {name!r} contains a control character")


def check(template: Template) -> list[str]:
    """Find what is wrong with a template before any variable is known: one phrase per field."""
    faults = []
    for name, environment in ENVIRONMENTS.items():
        source = getattr(template, name)
        try:
            if source is not None:
                _check_source(name, environment, source)
        except (TemplateFault, ContentError) as fault:
            faults.append(f"{name}: {str(fault).removeprefix(f'{name}: ')}")
    return faults


def _check_source(name: str, environment: Environment, source: str) -> None:
    template = parse_template(environment, source)
    if name == "url":
        _check_host(source)
    if name == "twiml" and "{%" not in source:
        # Any word in its places must give good XML; with conditions only rendering can tell.
        _field(name, source, dict.fromkeys(template.global_variables(), "word"), _check_twiml)


def _call(template: Template, variables: Mapping[str, str]) -> Call:
    if template.url is not None:
        _check_host(template.url)
        escaped = {name: quote(value, safe="") for name, value in variables.items()}
        url = _field("url", template.url, escaped, _check_url)
        return Call(None, url, template.caller_id, template.on_machine)
    twiml = _field("twiml", template.twiml, variables, _check_twiml)
    return Call(twiml, None, template.caller_id, template.on_machine)


def _mail(template: Template, variables: Mapping[str, str]) -> Mail:
    if template.template_id is not None:
        return Mail(None, None, None, template.template_id, dict(variables))
    return _share_mail(template, variables) or _own_mail(template, variables)


def _share_mail(template: Template, variables: Mapping[str, str]) -> Mail | None:
    """The mail as a form and what fills it, where the words allow that."""
    made = _form(template)
    if made is None:
        return None
    for place in made.places:
        if place.variable not in variables:
            raise ContentError(f"{place.field}: variable {place.variable!r} is missing")
        if place.field == "subject" and LINE_BREAK.search(variables[place.variable]):
            raise ContentError(f"subject: variable {place.variable!r} contains a line break")
    substitutions = made.filled(variables)
    if substitutions is None:
        return None
    texts = made.texts
    return Mail(texts["subject"], texts.get("html"), texts.get("text"), substitutions=substitutions)


@lru_cache(maxsize=256)
def _form(template: Template) -> MailShape | None:
    """Return what its mails share, judged once; words that can't be sent are told where each is rendered."""
    made = form(template.subject or "", template.html, template.text)
    if made is None or CONTROL.search("".join(made.texts.values())):
        return None
    return None if LINE_BREAK.search(made.texts["subject"]) else made


def _own_mail(template: Template, variables: Mapping[str, str]) -> Mail:
    html = _field("html", template.html, variables) if template.html else None
    text = _field("text", template.text, variables) if template.text else None
    if not (html or text):
        raise ContentError("html: there is nothing to say")
    return Mail(_field("subject", template.subject, variables, _check_subject), html, text)


def _field(
    name: str,
    source: str | None,
    variables: Mapping[str, str],
    check_field: Callable[[str], str | None] | None = None,
) -> str:
    """One field, rendered and checked."""
    try:
        text = render_template(ENVIRONMENTS[name], source or "", variables).strip()
    except TemplateFault as fault:
        raise ContentError(f"{name}: {fault}") from None
    if CONTROL.search(text):
        raise ContentError(f"{name}: the template contains a control character")
    if name == "subject" and LINE_BREAK.search(text):
        raise ContentError(f"{name}: {_breaking(variables)} contains a line break")
    if check_field and (why := check_field(text)):
        raise ContentError(f"{name}: {why}")
    return text


def _breaking(variables: Mapping[str, str]) -> str:
    name = next((name for name, value in variables.items() if LINE_BREAK.search(value)), None)
    return "the template" if name is None else f"variable {name!r}"


def _check_sms(body: str) -> str | None:
    if not body:
        return "there is nothing to say"
    if len(body) > LONGEST_SMS:
        return f"it has {len(body)} characters, {LONGEST_SMS} are allowed"
    return None


def _check_subject(subject: str) -> str | None:
    return None if subject else "it is empty"


def _check_twiml(twiml: str) -> str | None:
    length = len(twiml) + LONGEST_ADDRESS * count_actions(twiml)
    if length > LONGEST_TWIML:
        return f"it has {length} characters, {LONGEST_TWIML} are allowed"
    if wrong := find_faults(twiml):
        return wrong
    if "<!" in twiml.replace("<!--", ""):
        return "a document type or CDATA section is not allowed"
    try:
        root = ET.fromstring(twiml)  # noqa: S314  no document type, so nothing to expand or fetch
    except ET.ParseError as fault:
        return f"it is not well-formed XML (line {fault.position[0]})"
    return None if root.tag == "Response" else "its outermost element must be Response"


def _check_host(source: str) -> None:
    if not FIXED_HOST.match(source):
        raise ContentError(
            "url: it must begin with http:// or https:// and a host without variables"
        )


def _check_url(url: str) -> str | None:
    try:
        parts = urlsplit(url)
    except ValueError:
        return "it is not an address"
    if parts.scheme not in {"http", "https"} or not parts.hostname or re.search(r"\s", url):
        return "it is not an http:// or https:// address"
    return None
