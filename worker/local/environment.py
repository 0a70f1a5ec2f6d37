"""The environment of the house's processes: what somebody chose, and what is made up for the rest."""

import os
import secrets
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from config.detours import forget_detours
from config.settings import RUN_FILE, SANDBOX_ACCOUNT_SID, SANDBOX_SECRET, Settings, judge
from worker.local.ports import free_port
from worker.sandbox.keys import new_webhook_keys

# Every process we start carries this in its environment: that is how none is left behind.
MARK = "OUTREACH_HOUSE"
CREDENTIALS = ("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "SENDGRID_API_KEY")
# What services that are still to be started will look like.
TO_COME = {"DATABASE_URL": "postgresql://127.0.0.1/", "BROKER_URL": "redis://127.0.0.1/0"}


@dataclass(frozen=True, slots=True)
class SandboxPlan:
    """A sandbox to be started, and what our settings are beside it."""

    port: int
    private_key: str
    settings: Mapping[str, str]

    @property
    def url(self) -> str:
        """Return where it will answer."""
        return f"http://127.0.0.1:{self.port}"

    def options(self, public_url: str) -> dict[str, str]:
        """Its own settings; events of mails go to our HTTP process."""
        return {
            "SANDBOX_PORT": str(self.port),
            "SANDBOX_ACCOUNT_SID": SANDBOX_ACCOUNT_SID,
            "SANDBOX_AUTH_TOKEN": SANDBOX_SECRET,
            "SANDBOX_API_KEY": SANDBOX_SECRET,
            "SANDBOX_WEBHOOK_URL": f"{public_url}/callbacks/email",
            "SANDBOX_WEBHOOK_PRIVATE_KEY": self.private_key,
        }


def plan_sandbox() -> SandboxPlan:
    """One on a free port, with keys of its own."""
    private, public = new_webhook_keys()
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    settings = {
        "TWILIO_ACCOUNT_SID": SANDBOX_ACCOUNT_SID,
        "TWILIO_AUTH_TOKEN": SANDBOX_SECRET,
        "TWILIO_API_URL": url,
        "SENDGRID_API_KEY": SANDBOX_SECRET,
        "SENDGRID_API_URL": url,
        "SENDGRID_WEBHOOK_KEY": public,
        "PROFILE": "fast",
    }
    return SandboxPlan(port, private, settings)


def plan_environment(
    state_dir: Path, given: Mapping[str, str]
) -> tuple[dict[str, str], SandboxPlan | None]:
    """Everything but the services, judged before anything is started.

    Args:
        state_dir: the house's folder.
        given: the settings that somebody chose, by their names.

    Returns:
        the environment, and the sandbox to start where nobody gave credentials.

    Raises:
        SettingsError: one of them is wrong.
    """
    forget_detours(database=not given.get("DATABASE_URL"))
    plan = None if any(given.get(name) for name in CREDENTIALS) else plan_sandbox()
    made_up = {
        "FLOWER_BASIC_AUTH": f"outreach:{secrets.token_urlsafe(9)}",
        "OPERATOR_EMAIL": "operator@example.com",
    }
    known = {**made_up, **given, **(plan.settings if plan else {})}
    found = judge({**TO_COME, "PUBLIC_URL": "http://127.0.0.1", **known})
    ports = {
        "WEB_PORT": str(free_port(found.web_port)),
        "API_PORT": str(free_port(found.api_port)),
        "FLOWER_PORT": str(free_port(found.flower_port)),
    }
    public = {"PUBLIC_URL": f"http://127.0.0.1:{ports['WEB_PORT']}"}
    place = {"STATE_DIR": str(state_dir.resolve())}
    return {**os.environ, **public, **known, **ports, **place, **_our_own()}, plan


def _our_own() -> dict[str, str]:
    return {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "PYTHONUNBUFFERED": "1",
        MARK: secrets.token_hex(8),
    }


@contextmanager
def environment_file(state_dir: Path, environment: Mapping[str, str]) -> Iterator[None]:
    """Keep a file that `outreach` commands in another terminal read while we run: every setting there is."""
    names = sorted(name.upper() for name in Settings.model_fields)
    lines = [f"{name}={_quote(environment[name])}\n" for name in names if environment.get(name)]
    file = state_dir / RUN_FILE
    file.unlink(missing_ok=True)
    file.touch(mode=0o600)
    file.write_text("".join(lines), encoding="utf-8")
    try:
        yield
    finally:
        file.unlink(missing_ok=True)


def _quote(value: str) -> str:
    """As the reader of such files gives it back: it knows quotes, and fills in ${NAME} even in them."""
    escaped = value.replace("\\", "\\\\").replace("'", "\\'").replace("${", "${:-$}{")
    return f"'{escaped}'"
