"""Checks that a Redis or Valkey keeps its messages: on disk, in memory, and from being thrown out."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import redis

from worker.cli.broker import PATIENCE, is_amqp
from worker.desk.findings import Finding

MOST_FILLED = 0.9
"""Of maxmemory, when it has one: full, it takes nothing more."""
SKEW_TOLD = 1.0
"""Seconds by which its clock may differ from this host's."""

Info = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """The settings and figures that a server reports of itself."""

    info: Info
    """INFO, all sections in one."""
    saves: bool | None
    """Whether it takes snapshots; None: it doesn't let us ask."""
    ahead: float
    """Seconds by which its clock is ahead of this host's."""


def examine_server(url: str, name: str, *, only_tried: bool) -> list[Finding]:
    """Examine the server that answers there; of RabbitMQ nothing can be asked.

    Args:
        url: its address.
        name: what stands before each finding: broker or limits.
        only_tried: nobody is contacted for real, so that nothing has to outlive the server.
    """
    if is_amqp(url):
        return []
    try:
        facts = _ask(url)
    except redis.RedisError as error:
        advice = "let its user call INFO and TIME: +info +time"
        return [Finding(f"{name} condition", False, type(error).__name__, advice)]
    return [*judge_server(facts, name, only_tried=only_tried)]


def judge_server(facts: ServerFacts, name: str, *, only_tried: bool) -> Iterator[Finding]:
    """The findings on these facts."""
    yield _judge_persistence(facts, f"{name} persistence", only_tried=only_tried)
    yield _judge_eviction(facts.info, f"{name} eviction")
    yield _judge_room(facts.info, f"{name} memory")
    yield _judge_role(facts.info, f"{name} role")
    yield _judge_clock(facts.ahead, f"{name} clock")


def _ask(url: str) -> ServerFacts:
    with redis.Redis.from_url(
        url, socket_connect_timeout=PATIENCE, socket_timeout=PATIENCE
    ) as client:
        info = client.info("everything")
        asked = time.time()
        seconds, micros = client.time()
        ahead = seconds + micros / 1e6 - (asked + time.time()) / 2
        return ServerFacts(info, _saves(client), ahead)


def _saves(client: redis.Redis) -> bool | None:
    try:
        return bool(client.config_get("save").get("save"))
    except redis.RedisError:  # a hosted one keeps CONFIG to itself
        return None


def _judge_persistence(facts: ServerFacts, what: str, *, only_tried: bool) -> Finding:
    failed = [
        name
        for name in ("aof_last_write_status", "aof_last_bgrewrite_status", "rdb_last_bgsave_status")
        if facts.info.get(name, "ok") != "ok"
    ]
    if failed:
        advice = "make room on its disk and see its log: what it holds is lost when it restarts"
        return Finding(what, False, f"it can't write: {', '.join(failed)}", advice)
    if facts.info.get("aof_enabled"):
        return Finding(what, True, "it appends what it is given to a file")
    if facts.saves is not False:
        found = (
            "it takes snapshots" if facts.saves else "it does not say whether it takes snapshots"
        )
        return Finding(what, True, f"{found}; what came in since the last one is lost with it")
    advice = "set appendonly yes: messages and stream entries are lost when it restarts"
    return Finding(what, only_tried, "it keeps nothing on disk", advice)


def _judge_eviction(info: Info, what: str) -> Finding:
    policy, limit = str(info.get("maxmemory_policy", "unknown")), info.get("maxmemory")
    throws_out = policy not in {"noeviction", "unknown"} and bool(limit)
    advice = (
        "set maxmemory-policy noeviction: it may throw out messages, limits and our memory of it"
    )
    return Finding(what, not throws_out, policy, advice)


def _judge_room(info: Info, what: str) -> Finding:
    used, limit = _number(info, "used_memory"), _number(info, "maxmemory")
    if not limit:
        return Finding(what, True, f"{used // 2**20} MiB, without a limit")
    found = f"{used // 2**20} of {limit // 2**20} MiB"
    advice = "raise maxmemory, or see who fills it: full, it takes nothing more"
    return Finding(what, used <= limit * MOST_FILLED, found, advice)


def _judge_role(info: Info, what: str) -> Finding:
    advice = "let the address lead to its primary: a replica takes no write"
    return Finding(what, info.get("role") == "master", str(info.get("role", "unknown")), advice)


def _judge_clock(ahead: float, what: str) -> Finding:
    if abs(ahead) <= SKEW_TOLD:
        return Finding(what, True, "within a second of this host's")
    found = f"it is {abs(ahead):.1f} s {'ahead of' if ahead > 0 else 'behind'} this host"
    return Finding(what, False, found, "let NTP set the clocks of both hosts")


def _number(info: Info, name: str) -> int:
    value = info.get(name)
    return value if isinstance(value, int) else 0
