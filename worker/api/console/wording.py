"""Numbers, times and deeds in the words of a page."""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta

from markupsafe import Markup

from worker.api.console import charts
from worker.dispatch.halt import HaltRow
from worker.domain.accounts import split_source_key
from worker.domain.contract.batches import BatchDetails
from worker.domain.recipients.masks import mask
from worker.domain.statuses import BatchStatus, Cause

MOMENT = 10
"""Seconds; processes speak every five."""
MINUTE, HOUR, DAY = 60, 3600, 86_400

SAID: dict[str, str] = {
    "halted": "Stopped: nothing more begins there.",
    "lifted": "Resumed.",
    "paused": "Paused: none of its people is contacted from now on.",
    "resumed": "It goes on.",
    "changed": "Changed.",
    "expired": "Ended: what has not begun never will.",
    "stopped": "Stopped: nothing more of it is done.",
    "replaced": "Replaced: the row says what you typed.",
    "same": "It said so before: nothing was changed.",
    "retried": "Those that may be tried again are due now.",
    "removed": "Removed: nobody contacts them by it.",
    "begun": "It had begun already, and lives on.",
    "passed": "Passed over: they may have been reached before.",
    "suppressed": "Suppressed: no attempt to them begins any more.",
    "act-lifted": "That one act is lifted; others go on standing.",
    "counted": "Counted as sent.",
    "allowed": "They are due again, and may be contacted a second time.",
    "replayed": "Taken in again.",
    "discarded": "Let go; it stays readable.",
    "confirmed": "Confirmed: it goes out by its campaign's rules from now on.",
    "deleted": "Deleted: what has not begun never will.",
}
"""What is said above a page once something was done, by the word that the address carries."""


NOTHING = Markup('<span class="none">–</span>')  # noqa: RUF001  an empty cell; left out on a phone


def number(value: float) -> str:
    """With separators: 12,345; small ones with a tenth where they have one."""
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:,.1f}"


def moment(at: datetime | None) -> Markup:
    """A time, which the script tells in the viewer's zone; without it, UTC."""
    return NOTHING if at is None else _time(at, "%d %b %H:%M", Markup(""))


def instant(at: datetime | None) -> Markup:
    """The same to the second: where many things happen within a minute."""
    return NOTHING if at is None else _time(at, "%d %b %H:%M:%S", Markup(" data-seconds"))


def _time(at: datetime, shape: str, mark: Markup) -> Markup:
    told = at.astimezone(UTC)
    return Markup('<time{} datetime="{}" title="{} UTC">{} UTC</time>').format(
        mark, told.isoformat(timespec="seconds"), f"{told:%Y-%m-%d %H:%M:%S}", f"{told:{shape}}"
    )


def span(value: timedelta | float) -> str:
    """Say how long it is: 12 s, 31 min, 5 h, 3 days."""
    seconds = value.total_seconds() if isinstance(value, timedelta) else value
    if seconds < 1:
        return f"{max(0.0, seconds) * 1000:.0f} ms"
    if seconds < 10 and seconds != int(seconds):
        return f"{seconds:.1f} s"
    if seconds < 2 * MINUTE:
        return f"{seconds:.0f} s"
    if seconds < 2 * HOUR:
        return f"{seconds / MINUTE:.0f} min"
    return f"{seconds / HOUR:.0f} h" if seconds < 2 * DAY else f"{seconds / DAY:.0f} days"


def clock(value: time) -> str:
    """A time of the day as a rule names it: 09:00; to the second where it has one."""
    return value.isoformat("seconds" if value.second else "minutes")


def rule(value: object) -> str:
    """The value of a campaign's field: 30 min, 09:00, mon, tue."""
    if isinstance(value, timedelta):
        return span(value)
    if isinstance(value, time):
        return clock(value)
    if isinstance(value, list | tuple):
        return ", ".join(str(one) for one in value)
    return "yes" if value is True else str(value)


def ago(value: timedelta) -> str:
    """Say how long it is since, in steps that don't flicker: just now, 7 s ago, 3 min ago."""
    seconds = value.total_seconds()
    return "just now" if seconds < MOMENT else f"{span(timedelta(seconds=int(seconds)))} ago"


def people(n: int) -> str:
    """So many people."""
    return "1 person" if n == 1 else f"{n:,} people"


def stand(status: str, outcome: str) -> str:
    """A request's status, and its outcome where that says more."""
    said, more = say(status), say(outcome)
    return said if more == said else f"{said} · {more}"


def standing(batch: BatchDetails) -> str:
    """Say how a batch stands: active, paused, finished; expired, finished."""
    if batch.facts.finished_at is None:
        return say(batch.status)
    return "finished" if batch.status is BatchStatus.ACTIVE else f"{say(batch.status)}, finished"


def times(n: int) -> str:
    """So many attempts."""
    return "1 attempt" if n == 1 else f"{n:,} attempts"


CHANNELS = {"voice": ("Voice", "calls"), "sms": ("SMS", "texts"), "email": ("Email", "mails")}


def channel(name: str) -> str:
    """A channel as a heading."""
    return CHANNELS[name][0]


def halted(one: HaltRow) -> str:
    """Name what a halt is over: everything, SMS, SMS of account second, campaign 7, +15125550100 of SMS."""
    if one.scope not in {"channel", "source"}:
        return f"{one.scope} {one.key}" if one.key else "everything"
    named, account, source = split_source_key(one.key)
    of_account = f" of account {account}" if "@" in one.key else ""
    return (
        f"{source} of {channel(named)}{of_account}" if source else f"{channel(named)}{of_account}"
    )


def contacts(name: str) -> str:
    """Return what goes out on a channel."""
    return CHANNELS[name][1]


CAUSES: dict[str, str] = {
    Cause.INGEST: "it came in",
    Cause.DISPATCH: "on its way to the provider",
    Cause.CALLBACK: "the provider reported",
    Cause.RECONCILE: "the provider was asked",
    Cause.INFERENCE: "concluded from what is known",
    Cause.OPERATOR: "somebody decided",
    Cause.EXPIRY: "its time was over",
    Cause.RETRY: "tried again",
}
"""What moved a request, by the word that its history begins with."""


def why(told: str) -> str:
    """Say why something happened, in people's words: the provider reported: in progress."""
    cause, parted, more = told.partition(":")
    return f"{CAUSES.get(cause, cause)}{parted}{more}".replace("IN-PROGRESS", "in progress")


def happened(what: str) -> str:
    """Say what happened, without capitals: connected, attempt done."""
    return what.lower().replace("_", " ")


MAY = {"read": "may read", "operate": "may operate", "admin": "may do everything"}
"""By role, what stands below each page."""


def say(name: str) -> str:
    """A status or an outcome as people say it: no answer, sip not found."""
    return name.lower().replace("_", " ").replace("-", " ")


FILTERS: dict[str, Callable[..., str]] = {
    "number": number,
    "moment": moment,
    "instant": instant,
    "clock": clock,
    "rule": rule,
    "why": why,
    "happened": happened,
    "span": span,
    "ago": ago,
    "people": people,
    "channel": channel,
    "halted": halted,
    "contacts": contacts,
    "masked": mask,
    "said": say,
    "stand": stand,
    "times": times,
    "standing": standing,
    "points": charts.points,
}
