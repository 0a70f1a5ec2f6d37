"""What texts are sent over: PostgreSQL, Valkey and a sandbox, each of its own, and a line to the latter."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from redis import Redis

from tests.fixtures.house import wait_until
from tests.fixtures.sandbox import ACCOUNT_SID, API_KEY, AUTH_TOKEN, Sandbox
from worker.dispatch.provider_loop import ProviderLoop
from worker.local.ports import free_port
from worker.local.postgres import running_postgres
from worker.local.valkey import running_valkey
from worker.providers.connected import connect as connect_providers
from worker.store.connect import Engine, connect
from worker.store.migrate import upgrade

SANDBOX = [sys.executable, "-m", "worker.sandbox"]


def line_to(sandbox: Sandbox) -> ProviderLoop:
    """A line to the sandbox."""
    return ProviderLoop(
        lambda: connect_providers(
            twilio_api_url=sandbox.url,
            twilio_account_sid=sandbox.account_sid,
            twilio_auth_token=sandbox.auth_token,
            sendgrid_api_url=sandbox.url,
            sendgrid_api_key=sandbox.api_key,
            public_url="http://127.0.0.1:9",
            connect_timeout=5,
            read_timeout=35,
            limit=400,
        )
    )


@contextmanager
def running_ground(folder: Path) -> Iterator[tuple[Engine, Redis, Sandbox]]:
    """All of it, with an empty database; gone when this ends."""
    port = free_port()
    environment = {
        "SANDBOX_PORT": str(port),
        "SANDBOX_ACCOUNT_SID": ACCOUNT_SID,
        "SANDBOX_AUTH_TOKEN": AUTH_TOKEN,
        "SANDBOX_API_KEY": API_KEY,
    }
    sandbox = Sandbox(f"http://127.0.0.1:{port}", "")
    with (
        running_postgres(folder / "postgres", fresh=True) as server,
        running_valkey(folder / "valkey") as valkey,
        subprocess.Popen(
            SANDBOX, env={**os.environ, **environment}, stdout=subprocess.DEVNULL
        ) as process,
    ):
        try:
            wait_until(lambda: _answers(sandbox), 20)
            sandbox.change(callbacks=False)
            url = server.url.replace("postgresql://", "postgresql+psycopg://")
            upgrade(url)
            with Redis.from_url(valkey.url) as client:
                yield connect(url), client, sandbox
        finally:
            process.terminate()


def _answers(sandbox: Sandbox) -> bool:
    try:
        return bool(sandbox.summary())
    except OSError:
        return False
