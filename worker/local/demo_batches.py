"""The demo's batches: the three files that ship, or the user's own."""

import csv
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from worker.domain.errors import Mistake

DATA = Path(__file__).parent / "data"

# Content for a file of one's own: every column is a variable, none is needed.
OWN: dict[str, dict[str, object]] = {
    "voice": {
        "source": "+15125550100",
        "twiml": "<Response><Say>Hello from Outreach.</Say></Response>",
    },
    "sms": {"source": "+15125550100", "body": "Hello from Outreach."},
    "email": {"source": "demo@example.com", "subject": "Hello", "text": "Hello from Outreach."},
}


@dataclass(frozen=True, slots=True)
class DemoBatch:
    """One batch to dispatch. `example` is the reference whose timeline is shown."""

    campaign: Mapping[str, object]
    batch_id: str
    file: Path
    expected: Mapping[str, int] | None = None
    example: str | None = None


def choose_batches(file: Path | None, channel: str | None) -> list[DemoBatch]:
    """The user's file, or where there is none those that ship.

    Raises:
        Mistake: the file can't be read, or file and channel don't go together.
    """
    if file is None:
        if channel:
            raise Mistake("MODE says what a file is for: name it with CSV=…, too")
        return load_shipped_batches()
    return [own_batch(file, channel)]


def load_shipped_batches() -> list[DemoBatch]:
    """The three that ship, with the counts they end with."""
    described = json.loads((DATA / "campaigns.json").read_text(encoding="utf-8"))
    expected = json.loads((DATA / "expected.json").read_text(encoding="utf-8"))
    return [
        DemoBatch(
            campaign=one["campaign"],
            batch_id=one["batch_id"],
            file=DATA / one["file"],
            expected=expected[one["batch_id"]],
            example=one.get("example"),
        )
        for one in described
    ]


def own_batch(file: Path, channel: str | None) -> DemoBatch:
    """The user's file.

    Raises:
        Mistake: the file can't be read, or the channel is none.
    """
    if channel not in OWN:
        raise Mistake("say what the file is for: MODE=voice, MODE=sms or MODE=email")
    try:
        with file.open(encoding="utf-8-sig", newline="") as opened:
            first = next(csv.DictReader(opened), None)
    except (OSError, UnicodeDecodeError) as error:
        raise Mistake(f"{file} can't be read: {type(error).__name__}") from None
    window = {
        "daily_start_time": "00:00:00",
        "daily_end_time": "23:59:59",
        "recipient_hours": False,
    }
    campaign = {"campaign_name": f"Demo of {file.name}", "mode": channel, **window, **OWN[channel]}
    example = first.get("reference_id") if first else None
    return DemoBatch(campaign, "demo-own", file, example=example)
