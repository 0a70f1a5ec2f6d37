"""What a Redis says of itself, judged: each fault alone makes one finding unwell."""

import pytest

from worker.cli.broker_checks import ServerFacts, judge_server
from worker.desk.findings import Finding

WELL = {
    "aof_enabled": 1,
    "aof_last_write_status": "ok",
    "rdb_last_bgsave_status": "ok",
    "maxmemory": 0,
    "maxmemory_policy": "noeviction",
    "used_memory": 2**20,
    "role": "master",
}


def unwell(saves: bool | None = True, ahead: float = 0.0, **said: object) -> list[Finding]:
    facts = ServerFacts(WELL | said, saves, ahead)
    return [one for one in judge_server(facts, "broker", only_tried=False) if not one.well]


@pytest.mark.parametrize(
    ("said", "what"),
    [
        pytest.param({"aof_last_write_status": "err"}, "persistence", id="append-fails"),
        pytest.param({"rdb_last_bgsave_status": "err"}, "persistence", id="snapshot-fails"),
        pytest.param({"aof_last_bgrewrite_status": "err"}, "persistence", id="rewrite-fails"),
        pytest.param({"aof_enabled": 0, "saves": False}, "persistence", id="nothing-on-disk"),
        pytest.param({"maxmemory": 2**30, "maxmemory_policy": "allkeys-lru"}, "eviction", id="lru"),
        pytest.param(
            {"maxmemory": 2**30, "maxmemory_policy": "volatile-ttl"}, "eviction", id="volatile"
        ),
        pytest.param({"maxmemory": 2**20}, "memory", id="full"),
        pytest.param({"role": "slave"}, "role", id="replica"),
        pytest.param({"ahead": 1.5}, "clock", id="ahead"),
        pytest.param({"ahead": -90.0}, "clock", id="behind"),
    ],
)
def test_a_fault_is_named_with_what_to_do(said: dict[str, object], what: str) -> None:
    [finding] = unwell(**said)  # type: ignore[arg-type]

    assert finding.what == f"broker {what}"
    assert finding.advice


@pytest.mark.parametrize(
    "said",
    [
        pytest.param({}, id="appends"),
        pytest.param({"aof_enabled": 0}, id="snapshots"),
        pytest.param({"aof_enabled": 0, "saves": None}, id="does-not-say"),
        pytest.param({"maxmemory_policy": "allkeys-lru"}, id="has-no-limit-to-evict-for"),
        pytest.param({"maxmemory": 2**30}, id="has-room"),
        pytest.param({"ahead": 0.9}, id="clock-within-a-second"),
    ],
)
def test_what_serves_is_well(said: dict[str, object]) -> None:
    assert unwell(**said) == []  # type: ignore[arg-type]


def test_where_nobody_is_contacted_for_real_nothing_has_to_be_kept() -> None:
    facts = ServerFacts(WELL | {"aof_enabled": 0}, False, 0.0)

    assert all(one.well for one in judge_server(facts, "broker", only_tried=True))
