from pathlib import Path

import pytest

from worker.cli.fields import BadAssignment, UnreadableFile, read_fields


def test_assignments_are_laid_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "fields.json"
    file.write_text('{"body": "Hi", "retry_count": 1}', encoding="utf-8")

    assert read_fields(file, ["retry_count=2"]) == {"body": "Hi", "retry_count": 2}


@pytest.mark.parametrize(
    ("assignment", "field"),
    [
        pytest.param("body=a=b", {"body": "a=b"}, id="text-with-equals"),
        pytest.param("body=123", {"body": "123"}, id="text-stays-text"),
        pytest.param("hourly_rate=60", {"hourly_rate": 60}, id="number"),
        pytest.param("hourly_rate=null", {"hourly_rate": None}, id="cleared"),
        pytest.param("active_days=mon, tue", {"active_days": ["mon", "tue"]}, id="list"),
        pytest.param('labels=["a,b"]', {"labels": ["a,b"]}, id="list-as-json"),
        pytest.param('campaign_variables={"n": "1"}', {"campaign_variables": {"n": "1"}}, id="map"),
        pytest.param("resend_in_doubt=true", {"resend_in_doubt": True}, id="flag"),
    ],
)
def test_a_value_is_read_as_its_field_wants_it(assignment: str, field: dict[str, object]) -> None:
    assert read_fields(None, [assignment]) == field


@pytest.mark.parametrize("assignment", ["body", "=x", "hourly_rate=many"])
def test_an_assignment_that_makes_no_sense_is_refused(assignment: str) -> None:
    with pytest.raises(BadAssignment, match=r"^--set"):
        read_fields(None, [assignment])


@pytest.mark.parametrize(
    ("content", "why"),
    [("{", "line 1 is not JSON"), ("[1]", "must hold one JSON object"), (None, "No such file")],
)
def test_a_file_that_holds_no_fields_is_refused(
    tmp_path: Path, content: str | None, why: str
) -> None:
    file = tmp_path / "fields.json"
    if content is not None:
        file.write_text(content, encoding="utf-8")

    with pytest.raises(UnreadableFile, match=why):
        read_fields(file, None)
