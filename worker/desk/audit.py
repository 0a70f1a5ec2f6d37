"""What an auditor compares with the providers' own books."""

from uuid import UUID

from worker.domain.statuses import AttemptState
from worker.store import requests
from worker.store.connect import Engine, in_transaction


def attempt_tokens(engine: Engine) -> dict[UUID, AttemptState]:
    """The token of every attempt ever begun, and where it stands."""
    return in_transaction(engine, requests.attempt_tokens)
