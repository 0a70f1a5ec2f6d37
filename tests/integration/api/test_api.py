"""What the private door tells, and that the public one does not."""

from collections.abc import Callable

import pytest
from sqlalchemy import Engine
from starlette.applications import Starlette

from tests.asgi import ask
from worker.api.app import create as create_api
from worker.desk.tallies import add_tallies
from worker.runtime import Runtime
from worker.web.app import create as create_web

AWAY = "postgresql://nobody@127.0.0.1:1/nothing"


def asked(app: Starlette, path: str) -> tuple[int, str]:
    status, body = ask(app, "GET", path)
    return status, body.decode()


def test_figures_and_what_every_process_counted_are_shown(
    engine: Engine, database_url: str, build: Callable[[str], Runtime]
) -> None:
    for counted in ({"refused:signature": 2, "double_contact": 3}, {"refused:signature": 5}):
        add_tallies(engine, counted)

    status, shown = asked(create_api(build(database_url)), "/metrics")

    assert status == 200
    for line in (
        "outreach_database_up 1.0",
        "outreach_halts 0.0",
        "outreach_double_contact_reports_total 3.0",
        'outreach_callbacks_refused_total{reason="signature"} 7.0',
        'outreach_callbacks_refused_total{reason="too_slow"} 0.0',
        'outreach_mail_events_without_token_total{named="nobody"} 0.0',
    ):
        assert line in shown


def test_a_database_that_is_away_is_a_figure_and_no_error(
    build: Callable[[str], Runtime],
) -> None:
    app = create_api(build(AWAY))

    assert asked(app, "/health/live")[0] == 200
    assert asked(app, "/health/ready")[0] == 503
    status, shown = asked(app, "/metrics")
    assert status == 200
    assert "outreach_database_up 0.0" in shown
    assert "outreach_halts" not in shown


@pytest.mark.parametrize("path", ["/metrics", "/health/ready", "/", "/docs"])
def test_the_public_door_shows_nothing_of_the_house(
    build: Callable[[str], Runtime], path: str
) -> None:
    app = create_web(build(AWAY)).app

    assert asked(app, path)[0] == 404
    assert asked(app, "/health/live")[0] == 200
