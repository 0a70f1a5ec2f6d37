"""The operator's lines of every README, one after the other, as they stand there, in a running house."""

import json
import re
from contextlib import chdir
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tests.factories import (
    ANY_TIME,
    DAY,
    HOUR,
    database_time,
    make_attempt,
    make_batch,
    make_request,
)
from tests.fixtures.house import Inhabited, wait_until
from tests.readmes import READMES, commands, words_of
from worker.cli.main import app
from worker.domain.statuses import AttemptState, Channel
from worker.store import dead_letters
from worker.store.connect import in_transaction

MOMENT = re.compile(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ")
MANY = 50
"""So many lines there are at least: a test that finds none proves nothing."""
PATIENTS = {"+15125550142", "+15125550143", "+15125550144"}
FAILING = "reference_id,target,name\nDee,+1 512 555 0106,Dee\n"
"""The sandbox refuses calls to this number for its country: FAILED, and no retry would help."""
ENDS = {"doctor": {0, 1}}
"""Other tests use this house too, and doctor may find what they left."""
_letters = count()


@dataclass
class Operator:
    """Somebody in a folder of their own, with what the words in capitals stand for."""

    house: Inhabited
    folder: Path
    tomorrow: str = field(init=False)
    letter: int = 0

    def __post_init__(self) -> None:
        moment = database_time(self.house.engine) + DAY
        self.tomorrow = moment.strftime("%Y-%m-%dT%H:%M:%SZ")

    def type(self, line: str) -> Result:
        """A line of a shell; where it says so, what is printed goes to a file."""
        asked, _, file = line.partition(" > ")
        words = [self.stands_for(word, asked) for word in words_of(asked)]
        assert words.pop(0) == "outreach"
        environment = {**self.house.environment, "COLUMNS": "200"}
        with chdir(self.folder):
            done = CliRunner().invoke(app, words, env=environment)
            if file:
                Path(words_of(file)[0]).write_text(done.stdout, encoding="utf-8")
        return done

    def stands_for(self, word: str, line: str) -> str:
        """What somebody would put there."""
        match word.rstrip("…"):
            case "REFERENCE":
                return "Dee" if "retry" in line else "1"
            case "ATTEMPT":
                return str(self.make_doubt())
            case "LETTER":
                self.letter = self.letter if "replay" in line else self.make_letter()
                return str(self.letter)
            case "ROW":
                return str(json.loads(self.type("outreach suppress list --json").stdout)[0]["id"])
            case "FOLDER":
                return str(self.folder / "archive")
            case _:
                return MOMENT.sub(self.tomorrow, word)

    def make_doubt(self) -> int:
        """An attempt whose outcome is unknown, of a batch in which nothing goes on."""
        engine = self.house.engine
        batch = make_batch(engine, channel=Channel.EMAIL, paused=True)
        request = make_request(engine, batch=batch, due_in=HOUR)
        return make_attempt(
            engine,
            request=request,
            state=AttemptState.IN_DOUBT,
            began_ago=timedelta(minutes=1),
            check_in=HOUR,
        )

    def make_letter(self) -> int:
        """A message that came too early: by now it can be taken."""
        name = f"late-{next(_letters)}"
        payload = json.dumps({"batch_id": name, "campaign_name": "reminder"})
        made = in_transaction(
            self.house.engine,
            lambda connection: dead_letters.bury(
                connection,
                reason="there is no campaign of this name",
                payload=payload,
                task="outreach.create_batch",
                message_id=name,
            ),
        )
        assert made is not None
        return made


@pytest.fixture(scope="module")
def operator(inhabited: Inhabited, tmp_path_factory: pytest.TempPathFactory) -> Operator:
    """With the files that READMEs show, a batch whose requests have failed, and one to delete."""
    made = Operator(inhabited, tmp_path_factory.mktemp("operator"))
    for name, text in {b.file: b.text for r in READMES for b in r.blocks if b.file}.items():
        if name.endswith(".json"):
            text = json.dumps(json.loads(text) | ANY_TIME)  # noqa: PLW2901  a test may run at night
        (made.folder / name).write_text(text, encoding="utf-8")
    (made.folder / "failing.csv").write_text(FAILING, encoding="utf-8")
    for line in (
        "campaign create reminder.json",
        f"batch create 20271121.1 --campaign reminder --expires-on {made.tomorrow}",
        "batch create 20271121.2 --campaign reminder",
        "batch upload 20271121.1 failing.csv",
        "batch upload 20271121.1 patients.csv",
    ):
        done = made.type(f"outreach {line}")
        assert done.exit_code == 0, (line, done.output)
    inhabited.wait_until_final("20271121.1")
    return made


def test_every_line_does_what_it_says(operator: Operator) -> None:
    lines = [line for _, _, line in commands() if words_of(line)[0] == "outreach"]
    assert len(lines) >= MANY

    try:
        for line in lines:
            done = operator.type(line)
            assert done.exit_code in ENDS.get(line.split()[1], {0}), (line, done.output)
    finally:
        operator.type("outreach resume --all")

    called = {contact["to"] for contact in operator.house.sandbox("ledger")}
    assert called >= PATIENTS
    wait_until(lambda: operator.house.show("first")["status_counts"] == {"COMPLETED": 1})
    assert "21215" in (operator.folder / "results.csv").read_text(encoding="utf-8")
