"""How a program of the tests is run: on nobody's settings, and nothing that it starts outlives it."""

import os
import sys
from collections.abc import Callable
from typing import NoReturn

from config.detours import forget_detours
from config.settings import ENV_FILE, Settings
from tests.reaper import go_on_under_reaper, stop_when_asked


def run_alone(main: Callable[[], int | None]) -> NoReturn:
    """Run it, and exit with what it returns, once everything that it has started is gone."""
    forget_settings()
    go_on_under_reaper()
    stop_when_asked()
    sys.exit(main())


def forget_settings() -> None:
    """A developer's `.env` and exported settings may lead to somebody's production."""
    os.environ[ENV_FILE] = os.devnull
    forget_detours()
    for name in list(os.environ):
        if name.lower() in Settings.model_fields or name.startswith(("TWILIO_", "SENDGRID_")):
            del os.environ[name]
