"""Dead letters as an operator handles them: whom they are about is shown on request alone."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Engine
from typer.testing import CliRunner, Result

from tests.factories import make_batch
from worker.cli.main import app
from worker.desk.batches import show_batch
from worker.desk.dead_letters import DeadLetter, list_dead_letters
from worker.desk.messages import Taken, accept, bury

NUMBER = "+15125550188"
REQUESTS = [{"reference_id": "1", "target": NUMBER}]
DeadLetters = Callable[..., Result]


@pytest.fixture
def letters(environment: dict[str, str], database_url: str) -> DeadLetters:
    """Runs `outreach dead-letters` against a database of the test's own."""
    settings = environment | {"DATABASE_URL": database_url, "COLUMNS": "300"}

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(app, ["dead-letters", *arguments], env=settings)

    return run


@pytest.fixture
def early(engine: Engine) -> DeadLetter:
    """A message that came before its batch."""
    accept(engine, "outreach.add_requests", "m", {"batch_id": "B", "requests": REQUESTS})
    return list_dead_letters(engine)[0]


@pytest.mark.parametrize("form", [[], ["--json"]], ids=["table", "json"])
def test_nobody_is_shown_unless_asked_for(
    letters: DeadLetters, early: DeadLetter, form: list[str]
) -> None:
    for command in (["list"], ["show", str(early.id)]):
        hidden, shown = letters(*command, *form), letters(*command, *form, "--reveal")
        assert (hidden.exit_code, shown.exit_code) == (0, 0), hidden.output + shown.output
        assert "there is no batch 'B'" in hidden.stdout
        assert NUMBER not in hidden.stdout
        assert NUMBER in shown.stdout


def test_a_letter_is_replayed_once_its_batch_is_there(
    engine: Engine, letters: DeadLetters, early: DeadLetter
) -> None:
    refused = letters("replay", str(early.id))
    make_batch(engine, batch_id="B")

    replayed = letters("replay", str(early.id))

    assert refused.exit_code == 1
    assert "no batch" in refused.stderr
    assert replayed.stdout == f"dead letter {early.id}: accepted\n"
    assert show_batch(engine, "B").total == 1
    assert list_dead_letters(engine) == []
    assert list_dead_letters(engine, settled=True)[0].settled_how == "replayed by ana@example.com"
    assert "is settled" in letters("replay", str(early.id)).stderr


def test_a_letter_is_repaired_and_replayed(
    engine: Engine, letters: DeadLetters, tmp_path: Path
) -> None:
    make_batch(engine, batch_id="B")
    wrong = {"batch_id": "B", "requests": REQUESTS, "x": 1}
    accept(engine, "outreach.add_requests", "m", wrong)
    [letter] = list_dead_letters(engine)
    payload = json.loads(letters("show", str(letter.id), "--reveal", "--payload").stdout)
    file = tmp_path / "repaired.json"
    file.write_text(json.dumps({name: payload[name] for name in payload if name != "x"}))

    letters("replay", str(letter.id), "--payload", str(file))

    assert show_batch(engine, "B").total == 1
    right = {"batch_id": "B", "requests": REQUESTS}
    assert accept(engine, "outreach.add_requests", "m", right) == Taken(fresh=False)


def test_what_did_not_say_its_name_needs_one_and_a_payload(
    engine: Engine, letters: DeadLetters, tmp_path: Path
) -> None:
    make_batch(engine, batch_id="B")
    letter = bury(engine, reason="not JSON", payload="{", name=None, message_id=None)
    file = tmp_path / "repaired.json"
    file.write_text(json.dumps({"batch_id": "B", "requests": REQUESTS}))

    unnamed = letters("replay", str(letter), "--payload", str(file))
    named = letters(
        "replay", str(letter), "--name", "outreach.add_requests", "--payload", str(file)
    )

    assert unnamed.exit_code == 1
    assert "give --name" in unnamed.stderr
    assert named.exit_code == 0, named.output
    assert show_batch(engine, "B").total == 1


def test_a_letter_is_let_go_and_counts_no_more(
    engine: Engine, letters: DeadLetters, early: DeadLetter
) -> None:
    assert letters("discard", str(early.id)).exit_code == 0

    assert list_dead_letters(engine) == []
    assert "discarded by" in letters("list", "--all").stdout
    assert "is settled" in letters("discard", str(early.id)).stderr


def test_an_unknown_letter_is_named(letters: DeadLetters) -> None:
    assert "there is no dead letter 7" in letters("show", "7").stderr
