"""Connections, standbys, slots and archive, judged."""

from datetime import UTC, datetime

import pytest

from worker.desk.server_checks import judge_copies, judge_places
from worker.store.server import Copies, Places

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
ALONE = Copies(awaited=False, standbys=(), idle_slots=(), archive_fails_since=None)


@pytest.mark.parametrize(("taken", "well"), [(1, True), (80, True), (81, False), (100, False)])
def test_room_for_another_process_is_left(taken: int, well: bool) -> None:
    finding = judge_places(Places(taken, 100))

    assert (finding.well, finding.found) == (well, f"{taken} of 100 connections are taken")


@pytest.mark.parametrize(
    ("copies", "what"),
    [
        pytest.param(Copies(True, (), (), None), "replication", id="commits-wait-for-nobody"),
        pytest.param(Copies(False, (("north", "catchup"),), (), None), "replication", id="behind"),
        pytest.param(Copies(False, (), ("old",), None), "replication slots", id="unread"),
        pytest.param(Copies(False, (), (), NOON), "WAL archive", id="archive-fails"),
    ],
)
def test_a_copy_that_does_not_follow_is_told(copies: Copies, what: str) -> None:
    [finding] = [one for one in judge_copies(copies) if not one.well]

    assert finding.what == what
    assert finding.advice
    assert finding.since == copies.archive_fails_since


@pytest.mark.parametrize(
    "copies", [ALONE, Copies(True, (("north", "streaming"),), (), None)], ids=["alone", "followed"]
)
def test_a_server_alone_or_followed_is_well(copies: Copies) -> None:
    assert all(one.well for one in judge_copies(copies))
