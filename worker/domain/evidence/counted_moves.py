"""Counted moves of attempts: each is written once, whoever finds out."""

from collections.abc import Mapping

from worker.domain.statuses import AttemptState

S = AttemptState
REACHED = (S.ACCEPTED, S.DONE)

Moves = tuple[tuple[AttemptState, AttemptState], ...]
"""From one state to another."""


def _moves(was: tuple[AttemptState, ...], became: tuple[AttemptState, ...]) -> Moves:
    return tuple((one, other) for one in was for other in became)


ANSWERS: Mapping[str, Moves] = {
    "accepted": _moves((S.SENDING,), REACHED),
    "refused": _moves((S.SENDING,), (S.REFUSED,)),
    "not_sent": _moves((S.SENDING,), (S.NOT_SENT,)),
    "unknown": _moves((S.SENDING,), (S.IN_DOUBT, S.UNRESOLVED)),
}
"""What came of asking the provider; nobody knows at first what `unknown` was."""

CONTACTS: Mapping[str, Moves] = {
    "accepted": ANSWERS["accepted"],
    "found": _moves((S.IN_DOUBT, S.NOT_SENT, S.REFUSED, S.UNRESOLVED), REACHED),
}
"""Contacts that the provider has taken: by its answer, or found out later."""

DOUBTS: Mapping[str, Moves] = {
    "found": _moves((S.IN_DOUBT,), REACHED),
    "absent": _moves((S.IN_DOUBT,), (S.NOT_SENT,)),
    "refused": _moves((S.IN_DOUBT,), (S.REFUSED,)),
    "given_up": _moves((S.IN_DOUBT,), (S.UNRESOLVED,)),
}
"""How a doubt ended."""
