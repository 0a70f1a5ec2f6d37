"""Lines of a log that can be joined: by request, attempt, the operator's name of the batch, and campaign."""

from collections.abc import MutableMapping
from typing import Any

import pytest
from sqlalchemy import Engine
from structlog.contextvars import merge_contextvars
from structlog.testing import capture_logs

from tests.factories import lease, make_batch, make_campaign, make_limits, make_request
from tests.fakes.provider import FakeProvider
from tests.integration.dispatch.conftest import Connect
from worker.dispatch.attempt_log import is_told
from worker.dispatch.deliver import deliver
from worker.domain.evidence.answers import Accepted, Answer, Refusal, Refused, Unknown
from worker.domain.statuses import Channel


def told(
    engine: Engine, connect: Connect, answers: list[Answer], share: float
) -> tuple[list[MutableMapping[str, Any]], list[int]]:
    """What one chunk wrote into the log, and its requests."""
    batch = make_batch(engine, batch_id="june-reminders", campaign=make_campaign(engine))
    requests = [make_request(engine, batch=batch) for _ in answers]
    provider_loop = connect(FakeProvider(Channel.VOICE, answers=answers))
    limits = make_limits(attempt_log_share=share)
    with capture_logs(processors=[merge_contextvars]) as logs:
        deliver(engine, provider_loop, limits, lease(engine, *requests))
    return logs, requests


def test_every_line_of_a_chunk_names_its_batch_as_the_operator_does(
    engine: Engine, connect: Connect
) -> None:
    logs, requests = told(engine, connect, [Accepted("CA1"), Unknown("read_timeout")], 1.0)

    attempts = [line for line in logs if line["event"] == "attempt_answered"]
    assert [line["request"] for line in attempts] == requests
    assert [line["answer"] for line in attempts] == ["accepted", "unknown"]
    assert all(line["attempt"] and line["seconds"] >= 0 for line in attempts)
    [chunk] = [line for line in logs if line["event"] == "chunk_delivered"]
    assert (chunk["accepted"], chunk["in_doubt"]) == (1, 1)
    assert chunk["seconds"] >= 0
    for line in (*attempts, chunk):
        assert (line["batch_id"], line["channel"]) == ("june-reminders", "voice")
        assert isinstance(line["campaign"], int)


def test_accepted_attempts_are_sampled_and_others_are_not(engine: Engine, connect: Connect) -> None:
    answers: list[Answer] = [Accepted("CA1"), Refused(Refusal.CONTENT, "21617"), Accepted("CA2")]

    logs, _ = told(engine, connect, answers, 0.0)

    attempts = [line for line in logs if line["event"] == "attempt_answered"]
    assert [(line["answer"], line["code"]) for line in attempts] == [("refused", "21617")]


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 1.0])
def test_a_sample_is_as_large_as_was_asked_for(share: float) -> None:
    found = sum(is_told(attempt, share) for attempt in range(1, 10_001))

    assert abs(found / 10_000 - share) < 0.02


def test_what_a_chunk_has_bound_no_other_line_of_its_thread_has(
    engine: Engine, connect: Connect
) -> None:
    told(engine, connect, [Accepted("CA1")], 1.0)

    assert "batch_id" not in merge_contextvars(None, "info", {})
