"""Calls that are to have their effect once, however often a client makes them."""

from datetime import timedelta

from worker.domain.contract.once_calls import OnceAnswer, OnceCall, named_in
from worker.store import once_calls
from worker.store.connect import Engine, in_transaction

LEASE = timedelta(minutes=5)
"""After this whoever was at a call is taken for dead: longer than any of ours takes."""


def begin_once(engine: Engine, call: OnceCall) -> OnceAnswer:
    """Take the call up, unless somebody is at it or it was answered.

    Raises:
        OtherBody: its key was used with another body.
    """
    return in_transaction(engine, once_calls.claim, call, LEASE)


def end_once(engine: Engine, call: OnceCall, status: int, answer: object) -> None:
    """Keep how it was answered; one that was refused had no effect, and may be made again."""
    if status == 200:
        in_transaction(engine, once_calls.answer, call, status, named_in(answer))
    else:
        in_transaction(engine, once_calls.forget, call)
