"""Whom a count of those who are never contacted leaves out, said wherever the count is."""

import json
from collections.abc import Callable, Iterable
from pathlib import Path

from sqlalchemy import Engine, text
from typer.testing import Result

from tests.factories import make_batch, make_campaign

Outreach = Callable[..., Result]


def lines(result: Result) -> list[str]:
    assert result.exit_code == 0, result.output
    return result.stdout.splitlines()


def upload_of(folder: Path, targets: Iterable[str]) -> Path:
    file = folder / "people.csv"
    rows = [f"{n},{target}" for n, target in enumerate(targets)]
    file.write_text("\n".join(["reference_id,target", *rows, ""]), encoding="utf-8")
    return file


def never(shown: list[str]) -> list[str]:
    return [line for line in shown if line.startswith("never contacted")]


def test_a_batch_too_large_to_be_counted_says_that_nobody_was(
    engine: Engine, outreach: Outreach, tmp_path: Path
) -> None:
    campaign = make_campaign(engine, campaign_name="Calls", recipient_hours=True)
    batch = make_batch(engine, batch_id="B", campaign=campaign)
    with engine.begin() as connection:
        connection.execute(
            text("INSERT INTO request_count VALUES (:batch, 'COMPLETED', 'COMPLETED', 63, 500000)"),
            {"batch": batch},
        )

    uploaded = lines(outreach("batch", "upload", "B", str(upload_of(tmp_path, ["x"]))))
    shown = lines(outreach("batch", "show", "B"))
    told = json.loads(outreach("batch", "show", "B", "--json").stdout)

    uncounted = "nobody was counted: the batch has more than 500,000 requests"
    for told_by in (uploaded, shown, told["explanation"]):
        assert never(told_by) == [f"never contacted: {uncounted}"]
    assert (told["never_contacted"], told["uncounted"]) == ([], uncounted)


def test_hours_that_were_not_looked_at_are_told(
    engine: Engine, outreach: Outreach, tmp_path: Path
) -> None:
    campaign = make_campaign(engine, campaign_name="Calls", recipient_hours=True)
    make_batch(engine, batch_id="B", campaign=campaign)
    beginnings = (f"+1{area}{n}" for area in (212, 512, 713) for n in range(2000, 8667))
    many = upload_of(tmp_path, (f"{begins}000" for begins in beginnings))

    planned = lines(outreach("batch", "plan", str(many), "--campaign", "Calls"))
    uploaded = lines(outreach("batch", "upload", "B", str(many)))

    left_out = "of the others it is not known: only 20,000 numbers were looked at for their hours"
    for told_by in (planned, uploaded):
        assert never(told_by) == [f"never contacted: {left_out}"]
