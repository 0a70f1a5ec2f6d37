"""Deeds over all that match, in the words of a page."""

from collections.abc import Mapping
from urllib.parse import urlencode

from worker.domain.audit import Deed
from worker.domain.contract.bulk_deeds import OVER, Aim, Over

DONE: Mapping[Deed, tuple[str, str, str]] = {
    Deed.RETRY: ("Retry", "queued once more", "passed over: they may have been reached"),
    Deed.REMOVE: ("Remove", "removed", "left: they had begun"),
    Deed.PAUSE: ("Pause", "paused", "left: deleted, or paused before"),
    Deed.RESUME: ("Resume", "resumed", "left: deleted, or not paused"),
    Deed.COUNT_AS_SENT: ("Count as sent", "counted as sent", "left: no longer in doubt"),
    Deed.ALLOW_RETRY: ("Allow a retry of", "due again", "left: no longer in doubt"),
    Deed.REPLAY: ("Replay", "taken in again", "still not accepted: they stay dead letters"),
    Deed.DISCARD: ("Discard", "let go", "left: settled before"),
}
"""By deed: its name, what became of them, what of the others."""

RISKS: Mapping[Deed, str] = {
    Deed.RETRY: "Each gets one more attempt, due at once; whoever may have been reached is passed over.",
    Deed.REMOVE: "Nobody contacts them by this batch any more, and nothing brings them back.",
    Deed.PAUSE: "None of their people is contacted from then on; what had begun is still on its way.",
    Deed.RESUME: "Their people are contacted by the rules of each campaign from then on.",
    Deed.COUNT_AS_SENT: "Some of them may not have been reached, and nobody tries again.",
    Deed.ALLOW_RETRY: "They are due at once, and some of them may be reached a second time.",
    Deed.REPLAY: "Each is taken in as it arrived; one that can still not be accepted stays where it is.",
    Deed.DISCARD: "They stay readable and count no more; what they asked for is not done.",
}
"""By deed, what it risks."""

DANGEROUS = frozenset({Deed.REMOVE, Deed.ALLOW_RETRY, Deed.DISCARD})

_ONE_AND_MANY: Mapping[Over, tuple[str, str]] = {
    Over.REQUESTS: ("person", "people"),
    Over.BATCHES: ("batch", "batches"),
    Over.DOUBTS: ("doubt", "doubts"),
    Over.LETTERS: ("dead letter", "dead letters"),
}
HERE: Mapping[Over, str] = {
    Over.REQUESTS: "/batches",
    Over.BATCHES: "/batches",
    Over.DOUBTS: "/doubts",
    Over.LETTERS: "/doubts",
}
"""By what they are done to, the page they belong to."""

_OF_ALL: Mapping[Deed, str] = {
    Deed.RETRY: "failed",
    Deed.REMOVE: "still wait",
    Deed.PAUSE: "can still go out",
    Deed.RESUME: "are paused",
    Deed.COUNT_AS_SENT: "somebody may decide about",
    Deed.ALLOW_RETRY: "somebody may decide about",
    Deed.REPLAY: "can be taken in again",
    Deed.DISCARD: "nobody has settled",
}
_FILTERS: Mapping[str, str] = {
    "matching": "named like “{}”",
    "status": "{}",
    "standing": "{}",
    "batch": "of {}",
    "channel": "by {}",
    "kind": "of the kind {}",
}


def counted(deed: Deed, n: int) -> str:
    """So many of what it is done to: 1 batch, 12,345 people."""
    one, many = _ONE_AND_MANY[OVER[deed]]
    return f"1 {one}" if n == 1 else f"{n:,} {many}"


def named(deed: Deed) -> str:
    """What it is done to, at the beginning of a sentence: Batches, Dead letters."""
    return _ONE_AND_MANY[OVER[deed]][1].capitalize()


def whose(aim: Aim) -> str:
    """Say which: failed with busy; are paused, named like “may”."""
    said = _OF_ALL[aim.deed]
    if outcome := aim.chosen.get("outcome"):
        return f"{said} with {_plain(outcome)}"
    others = [
        words.format(value if name in {"matching", "batch"} else _plain(value))
        for name, words in _FILTERS.items()
        if (value := aim.chosen.get(name))
    ]
    return ", ".join([said, *others])


def list_of(aim: Aim) -> str:
    """The address of the list they stand in, with its filter."""
    over = OVER[aim.deed]
    if over is Over.REQUESTS:
        return f"/batches/{aim.batch_id}"
    asked = {name: value for name, value in aim.chosen.items() if value}
    return f"{HERE[over]}?{urlencode(asked)}" if asked else HERE[over]


def order_at(deed: str, asked: Mapping[str, str]) -> str:
    """The address of the page that counts those a list shows, and asks for their number."""
    return (
        f"/bulk/new?{urlencode({'deed': deed} | {n: value for n, value in asked.items() if value})}"
    )


def _plain(name: str) -> str:
    return name.lower().replace("_", " ").replace("-", " ")
