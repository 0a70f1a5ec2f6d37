"""`make run`: the house in the foreground, until Ctrl-C."""

import sys
from pathlib import Path

from config.settings import SettingsError, read_given
from worker.domain.database_identity import RefusedToStart
from worker.local.interrupts import Interrupted, Interrupts
from worker.local.postgres_programs import ServiceFailed
from worker.local.stack import AlreadyRunning, running_stack
from worker.local.terminal import DEFAULT, command_line
from worker.runtime import StoreUnavailable


def run() -> int:
    """Run until somebody asks us to stop; 1 when something did not start."""
    with Interrupts() as interrupts:
        try:
            chosen = read_given()
            state_dir = Path(chosen.get("STATE_DIR", DEFAULT))
            with running_stack(state_dir, interrupts, say=_say, given=chosen) as house:
                _say(f"flower: {house.flower_url}  login: {house.environment['FLOWER_BASIC_AUTH']}")
                _say(f"callbacks: {house.web_url}")
                _say(f"metrics: {house.api_url}/metrics")
                _say(f"`{command_line(state_dir)} doctor` in another terminal looks it over")
                _say("Ctrl-C stops it")
                interrupts.pause(None)
        except Interrupted:
            _say("stopped")
        except SettingsError as error:
            for fault in error.faults:
                _say(fault)
            return 1
        except (AlreadyRunning, ServiceFailed, RefusedToStart, StoreUnavailable) as error:
            _say(str(error))
            return 1
    return 0


def _say(sentence: str) -> None:
    sys.stdout.write(f"outreach: {sentence}\n")
    sys.stdout.flush()
