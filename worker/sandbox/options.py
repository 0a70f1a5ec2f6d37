"""Options of the sandbox: how it is started, and what can be changed while it runs."""

import argparse
import os
import time
from dataclasses import dataclass, field


@dataclass(slots=True)
class Options:
    """Credentials it accepts, where it posts, and how fast and how broken it is."""

    port: int
    account_sid: str
    auth_token: str
    api_key: str
    webhook_url: str
    webhook_private_key: str
    latency_ms: float = 0.0
    pace: float = 1.0
    """Factor on how long calls ring and messages travel."""
    list_lag: float = 0.0
    """Seconds until an accepted call or message shows up in lists."""
    slow_seconds: float = 1.0
    callbacks: bool = True
    suspended: bool = False
    credits_exhausted: bool = False
    unusable_sender: bool = False
    smtp_port: int = 0
    """Where the mail server listens; 0: there is none."""
    smtp_certificate: str = ""
    """The file into which it writes whom to trust."""
    smtp_plain: bool = False
    """Whether it offers no STARTTLS."""
    carrier_limits: dict[str, dict[str, str | int]] = field(default_factory=dict)
    """By source of a text: `name` of what it shares its limits with, segments `per_minute`, `per_day`."""
    filtered_sources: list[str] = field(default_factory=list)
    """Whatever is texted from these, carriers take for spam."""
    down_from: float = 0.0
    """Since when it is down, in seconds since 1970: see `Faults`."""
    down_until: float = 0.0
    texts_to: str = ""
    """Where the account's numbers post the texts that come in, as it says when asked."""

    @property
    def is_down(self) -> bool:
        """Return whether it answers nothing as it should, and posts nothing."""
        return self.down_from <= time.time() < self.down_until

    def hides(self, accepted_at: float) -> bool:
        """Return whether its lists lack what it accepted then: all of this outage, until that is over."""
        return self.is_down and accepted_at >= self.down_from


CHANGEABLE = (
    "latency_ms",
    "pace",
    "list_lag",
    "slow_seconds",
    "callbacks",
    "suspended",
    "credits_exhausted",
    "unusable_sender",
    "down_from",
    "down_until",
    "texts_to",
    "carrier_limits",
    "filtered_sources",
    "smtp_plain",
)


def read(arguments: list[str] | None = None) -> Options:
    """Options from the command line, each falling back to SANDBOX_… in the environment."""
    parser = argparse.ArgumentParser(prog="python -m worker.sandbox", description=__doc__)
    _add(parser, "port", int, "4010")
    for name in ("account-sid", "auth-token", "api-key", "webhook-url", "webhook-private-key"):
        _add(parser, name, str, "")
    _add(parser, "latency-ms", float, "0")
    _add(parser, "pace", float, "1")
    _add(parser, "list-lag", float, "0")
    _add(parser, "smtp-port", int, "0")
    _add(parser, "smtp-certificate", str, "")
    return Options(**vars(parser.parse_args(arguments)))


def _add(
    parser: argparse.ArgumentParser, name: str, kind: type[int | float | str], default: str
) -> None:
    variable = f"SANDBOX_{name.upper().replace('-', '_')}"
    parser.add_argument(f"--{name}", type=kind, default=kind(os.environ.get(variable, default)))
