"""What somebody will be told: on the operator's terminal, before anything is sent."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Engine
from typer.testing import Result

from tests.factories import make_batch, make_campaign
from worker.domain.statuses import Channel

Outreach = Callable[..., Result]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    rows = [f"{n},+1512555{n:04},Ana {n},{n}.50" for n in range(100, 107)]
    made = tmp_path / "people.csv"
    made.write_text("\n".join(["reference_id,target,name,amount", *rows, ""]), encoding="utf-8")
    return made


def batch(engine: Engine, body: str, **values: object) -> None:
    make_batch(
        engine,
        batch_id="B",
        campaign=make_campaign(engine, channel=Channel.SMS, body=body, **values),
    )


def test_one_person_s_words_are_shown(engine: Engine, outreach: Outreach, file: Path) -> None:
    batch(
        engine,
        "{{ name }} owes {{ amount | times: 2 }} to {{ us }}",
        campaign_variables={"us": "Acme"},
    )
    outreach("batch", "upload", "B", str(file))

    shown = outreach("preview", "B", "101")

    assert shown.exit_code == 0, shown.output
    assert "Ana 101 owes 203.0 to Acme" in shown.stdout
    assert "+15125550101" in shown.stdout


def test_why_there_are_no_words_is_shown(
    engine: Engine, outreach: Outreach, tmp_path: Path
) -> None:
    batch(engine, "You owe {{ amount | times: 1 }}")
    file = tmp_path / "people.csv"
    file.write_text('reference_id,target,amount\n1,+15125550100,"1,000.50"\n', encoding="utf-8")
    outreach("batch", "upload", "B", str(file))

    assert "body: 'times' is given a text that is no number" in outreach("preview", "B", "1").stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(["C", "1"], "there is no batch 'C'"), (["B", "1"], "has no request with reference_id '1'")],
)
def test_nothing_to_preview_is_one_sentence(
    engine: Engine, outreach: Outreach, arguments: list[str], said: str
) -> None:
    batch(engine, "Hi")

    told = outreach("preview", *arguments)

    assert (told.exit_code, said in told.stderr) == (1, True), told.stderr


def test_an_upload_shows_the_first_five_where_it_is_asked_to(
    engine: Engine, outreach: Outreach, file: Path
) -> None:
    batch(engine, "Hi {{ name }}")

    shown = outreach("batch", "upload", "B", str(file), "--preview").stdout

    assert [f"Hi Ana {n}" in shown for n in range(100, 107)] == [True] * 5 + [False] * 2


def test_what_is_not_read_on_a_terminal_has_no_words_in_it(
    engine: Engine, outreach: Outreach, file: Path
) -> None:
    batch(engine, "Hi {{ name }}")

    piped = outreach("batch", "upload", "B", str(file))
    as_json = outreach("batch", "upload", "B", str(file), "--json")

    assert "Ana" not in piped.output
    assert "Ana" not in as_json.output
    assert "first" not in json.loads(as_json.stdout)


def test_a_variable_that_the_file_lacks_is_said_once_for_all_rows(
    engine: Engine, outreach: Outreach, file: Path
) -> None:
    batch(engine, "Hi {{ name }}, pay {{ due }} by {{ due_on | default: 'soon' }}")

    told = outreach("batch", "upload", "B", str(file), COLUMNS="300").stdout

    assert (
        "all 7 will fail: the campaign's words need 'due', and neither the file nor the campaign "
        "has it; hold them with outreach batch pause B" in told
    )


def test_programs_are_told_of_it_as_well(engine: Engine, outreach: Outreach, file: Path) -> None:
    batch(engine, "Hi {{ name }}, pay {{ due }}")

    assert json.loads(outreach("batch", "upload", "B", str(file), "--json").stdout)["lacking"] == [
        "due"
    ]


def test_a_variable_of_the_campaign_is_not_missed(
    engine: Engine, outreach: Outreach, file: Path
) -> None:
    batch(engine, "Hi {{ name }}, {{ due }}", campaign_variables={"due": "soon"})

    assert "lacking" not in json.loads(outreach("batch", "upload", "B", str(file), "--json").stdout)


def test_what_is_probably_not_meant_is_said_when_it_is_written_and_when_it_is_used(
    engine: Engine, outreach: Outreach, file: Path, tmp_path: Path
) -> None:
    fields = {"campaign_name": "C", "mode": "sms", "source": "+15125550100", "body": "Hi {name}"}
    written = tmp_path / "campaign.json"
    written.write_text(json.dumps(fields), encoding="utf-8")
    warning = "warning: body: '{name}' is sent as it stands; a variable is written {{ name }}"

    created = outreach("campaign", "create", str(written)).stdout
    updated = outreach("campaign", "update", "C", "--set", "body=Hi [name]").stdout
    outreach("batch", "create", "B", "--campaign", "C")
    uploaded = outreach("batch", "upload", "B", str(file)).stdout

    assert warning in created
    assert warning.replace("{name}'", "[name]'") in updated
    assert warning.replace("{name}'", "[name]'") in uploaded


CURLY = "Hi {{ name }}, it\u2019s time" + "." * 60


def test_one_person_s_words_say_what_they_are_charged_as(
    engine: Engine, outreach: Outreach, file: Path
) -> None:
    batch(engine, CURLY)
    outreach("batch", "upload", "B", str(file))

    shown = outreach("preview", "B", "101", COLUMNS="300").stdout

    assert (
        "2 segments (UCS-2) instead of 1, for '\u2019' (U+2019 RIGHT SINGLE QUOTATION MARK)"
        in shown
    )


def test_an_upload_says_what_it_is_charged_as_and_which_character_makes_it_dearer(
    engine: Engine, outreach: Outreach, tmp_path: Path
) -> None:
    batch(engine, "Hi {{ name }}, see you" + "." * 60)
    file = tmp_path / "people.csv"
    names = ("Ana", "José", "Łucja", "Łucja")
    rows = "".join(f"{n},+1512555010{n},{name}\n" for n, name in enumerate(names))
    file.write_text("reference_id,target,name\n" + rows + "9,x,Łucja\n", encoding="utf-8")

    planned = outreach("batch", "plan", "B", "--file", str(file), COLUMNS="300").stdout
    told = outreach("batch", "upload", "B", str(file), COLUMNS="300").stdout
    waiting = outreach("batch", "plan", "B", COLUMNS="300").stdout

    for said in (told, waiting):
        assert "segments: 6 for 4 texts, at most 2 for one" in said
        assert (
            "warning: 'Ł' (U+0141 LATIN CAPITAL LETTER L WITH STROKE)"
            " costs 2 more segments in 2 texts" in said
        )
    assert "segments: 8 for 5 texts" in planned


def test_a_file_is_planned_with_what_it_is_charged_as(
    engine: Engine, outreach: Outreach, file: Path
) -> None:
    make_campaign(engine, campaign_name="C", channel=Channel.SMS, body=CURLY)

    told = outreach("batch", "plan", str(file), "--campaign", "C", COLUMNS="300").stdout

    assert "segments: 14 for 7 texts, at most 2 for one" in told
    assert "costs 7 more segments in 7 texts" in told


def test_programs_are_told_the_segments_of_texts_alone(
    engine: Engine, outreach: Outreach, file: Path
) -> None:
    batch(engine, "Hi")
    make_batch(engine, batch_id="calls")

    texts = json.loads(outreach("batch", "upload", "B", str(file), "--json").stdout)
    calls = json.loads(outreach("batch", "upload", "calls", str(file), "--json").stdout)

    assert texts["segments"] == {"texts": 7, "segments": 7, "longest": 1, "warnings": []}
    assert "segments" not in calls
