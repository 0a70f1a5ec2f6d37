"""Pages speak plainly: doubts are counted on each, and words for a voice stand without their tags."""

from sqlalchemy import Engine

from tests.factories import make_attempt
from tests.integration.console.conftest import People
from worker.domain.callers import Role
from worker.domain.statuses import AttemptState


def test_each_page_says_how_many_are_in_doubt(engine: Engine, sign_in: People) -> None:
    reader = sign_in(Role.READ)
    assert "word-doubt" not in reader.get("/plan").text
    for _ in range(2):
        make_attempt(engine, state=AttemptState.IN_DOUBT)

    for path in ("/plan", "/audit", "/people"):
        assert '<b class="word-doubt">2</b>' in reader.get(path).text


def test_what_a_voice_says_is_read_without_tags_and_they_are_there_to_look_at(
    batch: str, sign_in: People
) -> None:
    reader = sign_in(Role.READ)
    for path in (f"/batches/{batch}", "/campaigns/1"):
        shown = reader.get(path).text
        assert '<div class="words">Hello {{ name }}</div>' in shown
        assert "&lt;Say&gt;Hello" in shown


def test_a_campaign_s_rules_are_told_as_people_say_them(batch: str, sign_in: People) -> None:
    shown = sign_in(Role.READ).get("/campaigns/1").text

    assert "<dd>30 min</dd>" in shown
    assert "PT30M" not in shown
    assert "<dd>mon, tue" in shown


def test_a_request_s_story_is_told_to_the_second(
    engine: Engine, batch: str, sign_in: People
) -> None:
    assert "<time data-seconds" in sign_in(Role.READ).get("/requests/1").text
