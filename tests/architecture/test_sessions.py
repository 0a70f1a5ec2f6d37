"""Behind a pooler no two transactions share a session: nothing may rely on one."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted(
    path.relative_to(ROOT).as_posix()
    for room in ("worker", "tasks")
    for kind in ("*.py", "*.sql")
    for path in (ROOT / room).rglob(kind)
)
# Its SETs are a pooler's to say, or a client's that a pooler keeps.
MAY_SET = {"worker/store/guards.py"}
RELIES = {
    "a lock that outlives its transaction": r"pg_(try_)?advisory_lock(_shared)?\s*\(",
    "notifications": r"(?m)[\"'(]\s*(UN)?LISTEN\s+\w",
    "a prepared statement": r"(?m)[\"'(]\s*PREPARE\s+\w+",
    "a cursor that outlives its transaction": r"(?i)\bCURSOR\s+WITH\s+HOLD\b",
    "a setting that outlives its transaction": r"(?m)[\"'(]\s*SET\s+(?!LOCAL\b)(SESSION\s+)?\w+\s*(=|TO\b)",
}
FOUND = {
    "a lock that outlives its transaction": "SELECT pg_advisory_lock(1)",
    "notifications": '"LISTEN work"',
    "a prepared statement": '"PREPARE one AS SELECT 1"',
    "a cursor that outlives its transaction": "DECLARE c CURSOR WITH HOLD FOR SELECT 1",
    "a setting that outlives its transaction": "\"SET lock_timeout = '4s'\"",
}


@pytest.mark.parametrize("what", RELIES)
def test_no_statement_relies_on_its_session(what: str) -> None:
    relying = [
        source
        for source in SOURCES
        if source not in MAY_SET and re.search(RELIES[what], (ROOT / source).read_text("utf-8"))
    ]

    assert relying == []


@pytest.mark.parametrize("what", RELIES)
def test_such_a_statement_would_be_found(what: str) -> None:
    assert re.search(RELIES[what], FOUND[what])
