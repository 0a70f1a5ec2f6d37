"""The API tells about itself, and the page to try it loads nothing from elsewhere."""

import json
import re
from collections.abc import Callable

from tests.asgi import ask
from worker.api.app import create
from worker.runtime import Runtime

NOWHERE = "postgresql://nobody@127.0.0.1:1/nothing"


def test_the_page_to_try_it_loads_its_parts_from_us_alone(build: Callable[[str], Runtime]) -> None:
    app = create(build(NOWHERE))

    status, page = ask(app, "GET", "/docs")

    parts = re.findall(r'(?:src|href)="([^"]+)"', page.decode())
    assert status == 200
    assert parts
    for part in parts:
        assert part.startswith("/")
        assert ask(app, "GET", part)[0] == 200


def test_the_document_is_there_and_tells_nothing_of_the_house(
    build: Callable[[str], Runtime],
) -> None:
    status, document = ask(create(build(NOWHERE)), "GET", "/openapi.json")

    assert status == 200
    assert not [path for path in json.loads(document)["paths"] if path.startswith("/metrics")]


def test_a_path_with_a_slash_too_many_is_not_led_elsewhere(
    build: Callable[[str], Runtime],
) -> None:
    assert ask(create(build(NOWHERE)), "GET", "/health/live/")[0] == 404
