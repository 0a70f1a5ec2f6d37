"""Hosts: processes with settings and a STATE_DIR of their own, that share nothing but three addresses."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.acceptance.chaos.town import Town
from worker.local.ports import free_port

WHO_LIVES_WHERE: Mapping[str, Sequence[str]] = {
    "a": ("scheduler", "web", "voice.a", "sms.a"),
    "b": ("scheduler", "web", "voice.b", "email.b"),
    "c": ("sms.c", "email.c"),
}
# Settings that may differ from host to host, and do here.
OWN: Mapping[str, Mapping[str, str]] = {
    "a": {"CHUNK_SIZE": "25", "WORKER_THREADS": "4"},
    "b": {"CHUNK_SIZE": "40", "WORKER_THREADS": "2", "BACKLOG_CHUNKS": "4"},
    "c": {"CHUNK_SIZE": "10", "FLUSH_ROWS": "20"},
}


@dataclass(slots=True)
class Host:
    """One machine, as far as its processes can tell."""

    name: str
    environment: Mapping[str, str]
    home: Path
    _town: Town | None = None

    @property
    def web_port(self) -> int:
        """Where its HTTP process listens, if it has one."""
        return int(self.environment["WEB_PORT"])

    @property
    def is_web(self) -> bool:
        """Whether it has one."""
        return "web" in WHO_LIVES_WHERE[self.name]

    def start(self) -> None:
        """Switch it on."""
        logs = self.home / "logs"
        logs.mkdir(parents=True, exist_ok=True)
        self._town = Town(self.environment, logs, WHO_LIVES_WHERE[self.name])
        self._town.start()

    def lose_power(self) -> None:
        """SIGKILL all of it at once."""
        assert self._town is not None
        self._town.kill()

    def stop(self) -> None:
        """Switch it off in order."""
        if self._town is not None:
            self._town.close()


def make_hosts(shared: Mapping[str, str], home: Path) -> list[Host]:
    """Every host, not yet started."""
    return [
        Host(name, {**shared, **OWN[name], **_own_places(home / name)}, home / name)
        for name in WHO_LIVES_WHERE
    ]


def _own_places(home: Path) -> dict[str, str]:
    return {"STATE_DIR": str(home), "WEB_PORT": str(free_port())}
