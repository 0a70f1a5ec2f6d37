"""Templates become pages. Everything is escaped, and a name that a template lacks is an error."""

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse, Response

from worker.api.console import bulk_words, wording

PAGES = (
    ("/", "Now"),
    ("/batches", "Batches"),
    ("/doubts", "In doubt"),
    ("/people", "People"),
    ("/campaigns", "Campaigns"),
    ("/plan", "Plan"),
    ("/audit", "Audit"),
)


@cache
def templates() -> Environment:
    """The templates, read once."""
    made = Environment(
        loader=PackageLoader("worker.api.console"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(wording.FILTERS)
    made.globals.update(
        sentences=wording.SAID, bulk=bulk_words, pages_of_console=PAGES, may=wording.MAY
    )
    return made


def render(template: str, *, status: int = 200, **shown: object) -> Response:
    """A whole page."""
    return HTMLResponse(write(template, **shown), status)


def write(template: str, **shown: object) -> str:
    """Fill a template with what is shown."""
    return templates().get_template(template).render(shown)


def message_page(status: int, sentence: str) -> Response:
    """A page that says one thing."""
    return render("message.html", status=status, sentence=sentence)
