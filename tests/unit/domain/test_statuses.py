"""The vocabulary: complete, explained, and consistent with itself."""

import ast
import inspect

import pytest

from worker.domain import statuses
from worker.domain.evidence.attempts import OPEN
from worker.domain.statuses import (
    FINAL,
    IN_FLIGHT,
    PRIOR,
    REPLACEABLE,
    TRANSITIONS,
    AttemptState,
    ChannelStatus,
    RequestStatus,
    SuppressReason,
)


def test_every_status_has_its_moves() -> None:
    assert set(TRANSITIONS) == set(RequestStatus)


@pytest.mark.parametrize("status", RequestStatus)
def test_no_status_moves_to_itself(status: RequestStatus) -> None:
    assert status not in TRANSITIONS[status]


@pytest.mark.parametrize("status", [RequestStatus.CANCELED, RequestStatus.DUPLICATE])
def test_what_evidence_never_moves_is_only_judged_anew(status: RequestStatus) -> None:
    anew = {RequestStatus.PENDING, RequestStatus.DUPLICATE, RequestStatus.SKIPPED}
    assert TRANSITIONS[status] == anew - {status}


def test_only_what_is_replaced_becomes_a_duplicate() -> None:
    becoming = {status for status, moves in TRANSITIONS.items() if RequestStatus.DUPLICATE in moves}
    assert becoming == REPLACEABLE - {RequestStatus.DUPLICATE}


def test_three_statuses_are_open() -> None:
    assert set(RequestStatus) - FINAL == {
        RequestStatus.PENDING,
        RequestStatus.INITIATED,
        RequestStatus.CONNECTED,
    }


def test_every_open_status_can_become_final() -> None:
    for status in set(RequestStatus) - FINAL:
        assert TRANSITIONS[status] & FINAL


def test_what_is_in_flight_is_open() -> None:
    assert IN_FLIGHT < OPEN
    assert {AttemptState.ACCEPTED} == OPEN - IN_FLIGHT


@pytest.mark.parametrize("reason", SuppressReason)
def test_begin_can_name_every_suppression(reason: SuppressReason) -> None:
    assert PRIOR[reason] == ChannelStatus(f"PRIOR_{reason.upper()}")


@pytest.mark.parametrize("name", ["RequestStatus", "AttemptState"])
def test_every_state_is_explained_in_a_sentence(name: str) -> None:
    tree = ast.parse(inspect.getsource(statuses))
    [described] = [
        node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == name
    ]
    members = described.body[1:]
    for assignment, sentence in zip(members[::2], members[1::2], strict=True):
        assert isinstance(assignment, ast.Assign)
        assert isinstance(sentence, ast.Expr)
        assert isinstance(sentence.value, ast.Constant)
        assert str(sentence.value.value).endswith(".")
