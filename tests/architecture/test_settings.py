"""Every knob is shown where an operator looks for it."""

import re
from pathlib import Path

from config.settings import Settings

ROOT = Path(__file__).parents[2]
NAMES = {name.upper() for name in Settings.model_fields}


def test_the_example_shows_every_setting_and_no_other() -> None:
    example = (ROOT / ".env.example").read_text(encoding="utf-8")

    assert set(re.findall(r"^#? ?([A-Z_]+)=", example, flags=re.MULTILINE)) == NAMES
