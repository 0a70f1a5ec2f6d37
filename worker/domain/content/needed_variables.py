"""Variables that a template can't do without, found before any request is rendered."""

from collections.abc import Iterable

from worker.domain.content.campaign_words import Template
from worker.domain.content.render import ENVIRONMENTS
from worker.domain.content.templates import TemplateFault, parse_template, render_template

SOMETHING = "1"
"""A value that every filter takes."""


def find_needed(template: Template, given: Iterable[str]) -> list[str]:
    """The variables without which no request can be rendered, whatever its values.

    Where a template has conditions or loops, only a request's values tell what it needs: then none.

    Args:
        template: the words of a campaign.
        given: the names that every request has.
    """
    found: dict[str, None] = {}
    for name, environment in ENVIRONMENTS.items():
        source = getattr(template, name)
        if source is None or "{%" in source or template.template_id is not None:
            continue
        values = dict.fromkeys([*given, *found], SOMETHING)
        for variable in parse_template(environment, source).global_variables():
            if variable not in values and _fails(name, source, values, str(variable)):
                found[str(variable)] = None
    return list(found)


def _fails(field: str, source: str, values: dict[str, str], variable: str) -> bool:
    """Return whether the template fails without this variable, though it had all others."""
    environment = ENVIRONMENTS[field]
    others = dict.fromkeys(
        map(str, parse_template(environment, source).global_variables()), SOMETHING
    )
    others.pop(variable)
    try:
        render_template(environment, source, others | values)
    except TemplateFault as fault:
        return str(fault) == f"variable {variable!r} is missing"
    return False
