"""Campaigns as the public API has them: without words of their own, and with defaults of the deployment."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from worker.desk.campaign_deletion import delete_campaign
from worker.desk.campaigns import create_in, get_campaign, update_in
from worker.desk.visibility import is_seen, refuse_of_one, seen_campaign
from worker.domain.callers import Caller
from worker.domain.contract.campaigns import CONTENT, Campaign
from worker.domain.contract.outbound.campaigns_in import TEMPLATE, campaign_fields_said
from worker.domain.contract.outbound.campaigns_out import show_campaign
from worker.domain.errors import UnknownCampaign, WrongFields
from worker.domain.statuses import Channel
from worker.domain.wire import Wire
from worker.store.connect import Connection, Engine, in_transaction

Said = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignDefaults:
    """Defaults where a client of the public API says nothing.

    `template`: the name of the campaign whose words are taken. `of_one`: what `hourly_rate: 1` means.
    """

    channel: Channel | None
    source: str | None
    zone: str
    template: str | None
    of_one: int | None


def get_public_campaign(engine: Engine, number: int, caller: Caller) -> dict[str, Wire]:
    """OutboundCampaign.

    Raises:
        UnknownCampaign: there is none that the caller may see.
    """
    return show_campaign(in_transaction(engine, seen_campaign, number, caller.campaign))


def create_public_campaign(
    engine: Engine, said: Said, defaults: CampaignDefaults, caller: Caller
) -> dict[str, Wire]:
    """Store a campaign; one of this name that was created with equal fields is left as it is.

    Raises:
        WrongFields: a field is wrong, can't be honoured, or is missing here and as a default.
        CampaignConflict: the name is taken by a campaign created with other fields.
        OfOneCampaign: the caller's key is of another one.
    """
    refuse_of_one(caller)

    def step(connection: Connection) -> Campaign:
        lent = _template(connection, said, defaults)
        given = {name: value for name, value in said.items() if value is not None}
        first = {"mode": _channel(given, lent, defaults), "timezone": defaults.zone}
        whole = first | ({"source": defaults.source} if defaults.source else {}) | lent.own | given
        if not {"hourly_rate", "rate", "pause_seconds"} & given.keys():
            whole["hourly_rate"] = 1
        fields = campaign_fields_said(whole, whole, whole["mode"], of_one=defaults.of_one)
        words = {} if _has_words(fields, whole["mode"]) else lent.words
        return create_in(connection, words | fields, by=caller.owner)

    with _told_by_place():
        return show_campaign(in_transaction(engine, step))


def update_public_campaign(
    engine: Engine,
    number: int,
    said: Said,
    defaults: CampaignDefaults,
    caller: Caller,
    *,
    mute: frozenset[str] = frozenset(),
) -> dict[str, Wire]:
    """Change what differs from what the client was shown; what it leaves out stays.

    `mute` are fields that its generation sends empty, whatever they hold: empty, they say nothing.

    Raises:
        UnknownCampaign: there is none that the caller may see.
        WrongFields, CannotChangeMode, CampaignConflict: as every update.
    """

    def step(connection: Connection) -> Campaign:
        existing = seen_campaign(connection, number, caller.campaign, lock=True)
        shown = show_campaign(existing)
        changes = {name: value for name, value in said.items() if value != shown[name]}
        changes = {name: value for name, value in changes.items() if value or name not in mute}
        if "campaign_name" in changes:
            refuse_of_one(caller)
        fields = _changed(changes, {**shown, **said, **changes}, existing, defaults)
        if not fields:
            return existing
        return update_in(connection, number, fields, by=caller.owner)

    with _told_by_place():
        return show_campaign(in_transaction(engine, step))


def delete_public_campaign(engine: Engine, number: int, caller: Caller) -> None:
    """Delete a campaign that no open batch needs; one that was deleted before stays as it is.

    Raises:
        UnknownCampaign: there is none that the caller may see.
        CampaignInUse: it has a batch that is neither deleted, expired nor archived.
        OfOneCampaign: the caller's key is of it.
    """
    if not is_seen(caller.campaign, number):
        raise UnknownCampaign(str(number))
    refuse_of_one(caller)
    delete_campaign(engine, number, by=caller.owner)


def _changed(
    changes: Said, whole: Said, existing: Campaign, defaults: CampaignDefaults
) -> dict[str, object]:
    fall_back = {"mode": existing.fields.mode, "source": defaults.source}
    said = {
        name: fall_back.get(name) if value is None else value for name, value in changes.items()
    }
    return campaign_fields_said(said, whole, existing.fields.mode, of_one=defaults.of_one)


@dataclass(frozen=True, slots=True)
class _Lent:
    """The parts that a template lends: its mode, source and zone, and its words."""

    own: dict[str, Any]
    words: dict[str, Any]


def _template(connection: Connection, said: Said, defaults: CampaignDefaults) -> _Lent:
    name = (said.get("campaign_variables") or {}).get(TEMPLATE) or defaults.template
    if not name:
        return _Lent({}, {})
    try:
        fields = get_campaign(connection, name).fields
    except UnknownCampaign:
        raise WrongFields([f"{TEMPLATE}: names no campaign to take the words from"]) from None
    words = {one: getattr(fields, one) for one in CONTENT[fields.mode]}
    own = {"mode": fields.mode, "source": fields.source, "timezone": fields.timezone}
    return _Lent(own, words)


def _channel(given: Said, lent: _Lent, defaults: CampaignDefaults) -> Channel:
    channel = given.get("mode") or lent.own.get("mode") or defaults.channel
    if channel not in set(Channel):
        raise WrongFields([f"mode: must be {', '.join(Channel)}"])
    return Channel(channel)


def _has_words(fields: Said, channel: Channel) -> bool:
    return any(fields.get(name) for name in CONTENT[channel])


_WORDS = frozenset(name for names in CONTENT.values() for name in names) | {TEMPLATE}
_PLACES = dict.fromkeys(
    ("holidays", "date_overrides", "weekday_hours", "daily_caps"), "outreach_override_rules"
)


@contextmanager
def _told_by_place() -> Iterator[None]:
    """Name a field by where the client has it."""
    try:
        yield
    except WrongFields as error:
        raise WrongFields([_place(fault) for fault in error.faults]) from None


def _place(fault: str) -> str:
    name, colon, words = fault.partition(":")
    if name in _WORDS:
        return f"campaign_variables.{name}{colon}{words}"
    return f"{_PLACES.get(name, name)}{colon}{words}"
