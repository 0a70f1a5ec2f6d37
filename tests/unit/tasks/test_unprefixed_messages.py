"""What is taken from a list that may be anybody's."""

import json

import pytest

from tasks.envelope import asks_for_ours
from tests.doors import envelope

SHAPES = {
    "ours": (json.dumps(envelope("outreach.create_batch", {})).encode(), True),
    "another's": (json.dumps(envelope("accounts.close", {})).encode(), False),
    "a delivery, which nobody else sends": (json.dumps(envelope("outreach.deliver.sms", {})).encode(), False),
    "no message": (b"not JSON", False),
    "no text": (b"\xff", False),
    "a number": (b"7", False),
    "a task that is no name": (b'{"headers": {"task": ["outreach.create_batch"]}}', False),
    "brackets": (b"[" * 100_000, False),
}  # fmt: skip


@pytest.mark.parametrize(("message", "ours"), SHAPES.values(), ids=SHAPES)
def test_only_what_names_a_message_of_ours_is_ours(message: bytes, ours: bool) -> None:
    assert asks_for_ours(message) is ours
