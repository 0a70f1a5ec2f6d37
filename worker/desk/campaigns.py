"""Campaigns: create, update, list, show."""

from collections.abc import Container, Mapping

from worker.domain.audit import AuditEntry, Deed, changed
from worker.domain.contract.campaigns import (
    Campaign,
    CampaignFields,
    apply_changes,
    campaign_fields,
)
from worker.domain.contract.idempotency import created_as, differing
from worker.domain.contract.seen_versions import refuse_unseen
from worker.domain.errors import CampaignConflict, UnknownCampaign
from worker.domain.schedule.hours import OpenHours, open_hours
from worker.store import audit, batch_pace, campaigns
from worker.store.audit import AuditQuery
from worker.store.connect import Connection, Engine, in_transaction

MOST_VERSIONS = 1_000


def create_campaign(engine: Engine, values: Mapping[str, object], *, by: str) -> Campaign:
    """Store a campaign; one that was created with equal fields is left as it is.

    Raises:
        WrongFields: naming every field that is missing, unknown or wrong.
        CampaignConflict: the name is taken by a campaign created with other fields.
    """
    return in_transaction(engine, create_in, values, by=by)


def create_in(connection: Connection, values: Mapping[str, object], *, by: str) -> Campaign:
    """The same in a transaction of the caller's."""
    fields = campaign_fields(values)
    plain = created_as(fields)
    if added := campaigns.add(connection, fields, by, created_as=plain):
        audit.note(connection, Deed.CREATE, f"campaign {added.id}", by)
        return added
    existing = campaigns.find(connection, fields.campaign_name)
    assert existing is not None
    before = campaigns.created_as(connection, existing.id) or created_as(existing.fields)
    if names := differing(before, plain):
        raise CampaignConflict(fields.campaign_name, names)
    return existing


def update_campaign(
    engine: Engine,
    reference: str,
    changes: Mapping[str, object],
    *,
    by: str,
    seen: Container[str] | None = None,
) -> Campaign:
    """Change the named fields of a campaign, given by name or id.

    Once other hours have committed, nothing begins that was claimed under the old ones.

    Raises:
        UnknownCampaign: there is none.
        WrongFields: a change is unknown or wrong.
        CannotChangeMode: its requests are for another channel.
        CampaignConflict: the new name is taken.
        ChangedSince: it is none of the versions that were seen.
    """

    def step(connection: Connection) -> Campaign:
        refuse_unseen(get_campaign(connection, reference, lock=True).updated_at, seen)
        return update_in(connection, reference, changes, by=by)

    return in_transaction(engine, step)


def update_in(
    connection: Connection, reference: str | int, changes: Mapping[str, object], *, by: str
) -> Campaign:
    """The same in a transaction of the caller's."""
    existing = get_campaign(connection, reference, lock=True)
    after = apply_changes(existing.fields, changes)
    _name_is_free(connection, existing, after)
    if _hours(existing.fields) != _hours(after):
        batch_pace.drop_leases(connection, existing.id, existing.fields.mode)
    made = campaigns.replace(connection, existing.id, after, by)
    was, is_now = changed(existing.fields.model_dump(), made.fields.model_dump())
    told, subject = {"fields": sorted(changes)}, f"campaign {existing.id}"
    audit.note(connection, Deed.EDIT, subject, by, detail=told, before=was, after=is_now)
    return made


def campaign_diff(engine: Engine, reference: str) -> list[AuditEntry]:
    """Every version of a campaign behind the first: who changed what from what to what, oldest first.

    Raises:
        UnknownCampaign: there is none.
    """

    def step(connection: Connection) -> list[AuditEntry]:
        subject = f"campaign {get_campaign(connection, reference).id}"
        asked = AuditQuery(subject=subject, deed=Deed.EDIT)
        return audit.newest(connection, asked, limit=MOST_VERSIONS)[::-1]

    return in_transaction(engine, step)


def list_campaigns(engine: Engine) -> list[Campaign]:
    """Every campaign, in the order they were created."""
    return in_transaction(engine, campaigns.everyone)


def show_campaign(engine: Engine, reference: str) -> Campaign:
    """The campaign with this name or id.

    Raises:
        UnknownCampaign: there is none.
    """
    return in_transaction(engine, get_campaign, reference)


def get_campaign(connection: Connection, reference: str | int, *, lock: bool = False) -> Campaign:
    """The campaign with this name or id; a number is an id alone.

    Raises:
        UnknownCampaign: there is none.
    """
    campaign = campaigns.find(connection, reference, lock=lock)
    if campaign is None:
        raise UnknownCampaign(str(reference))
    return campaign


def id_named(connection: Connection, campaign_name: str) -> int:
    """The id of the campaign with this very name, though it may look like another one's id.

    Raises:
        UnknownCampaign: there is none.
    """
    number = campaigns.id_of(connection, campaign_name)
    if number is None:
        raise UnknownCampaign(campaign_name)
    return number


def _hours(fields: CampaignFields) -> OpenHours:
    return open_hours(fields.mode, fields.model_dump())


def _name_is_free(connection: Connection, existing: Campaign, after: CampaignFields) -> None:
    if after.campaign_name == existing.fields.campaign_name:
        return
    if campaigns.id_of(connection, after.campaign_name) is not None:
        raise CampaignConflict(after.campaign_name, ["campaign_name"])
