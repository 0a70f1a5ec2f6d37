"""The compose file runs every process of the Procfile, and asks each whether it is alive."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from config.timing import PROFILES
from tasks.process import NAMES

COMPOSE = Path(__file__).parents[3] / "config" / "deploy" / "compose.yaml"
OURS = sorted(set(NAMES) - {"flower"})


@pytest.fixture(scope="module")
def services() -> dict[str, dict[str, Any]]:
    """Every service by its name, with what it shares spelled out."""
    read: dict[str, dict[str, Any]] = yaml.load(COMPOSE.read_text("utf-8"), yaml.SafeLoader)[
        "services"
    ]
    return read


def test_every_process_is_a_service(services: dict[str, dict[str, Any]]) -> None:
    assert sorted(set(services) - {"postgres", "valkey", "build", "migrate"}) == OURS


@pytest.mark.parametrize("name", OURS)
def test_a_service_runs_its_process_and_asks_it_whether_it_is_alive(
    services: dict[str, dict[str, Any]], name: str
) -> None:
    one = services[name]

    assert one["command"] == [name]
    assert one["healthcheck"]["test"] == ["CMD", "outreach", "alive", name]
    assert one["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}
    assert (one["read_only"], one["cap_drop"]) == (True, ["ALL"])
    assert int(one["stop_grace_period"].removesuffix("s")) >= PROFILES["production"].drain + 15


def test_only_the_proxy_of_this_host_reaches_a_port(services: dict[str, dict[str, Any]]) -> None:
    published = [port for one in services.values() for port in one.get("ports", [])]

    assert published
    assert all(port.startswith("127.0.0.1:") for port in published)
