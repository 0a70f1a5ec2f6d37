"""Campaigns: written by authors, read by everybody."""

from enum import Enum

from sqlalchemy import Connection, RowMapping, func, select, true, update
from sqlalchemy.dialects.postgresql import insert

from worker.domain.contract.campaigns import Campaign, CampaignFields
from worker.domain.statuses import Channel
from worker.domain.wire import Wire
from worker.store.schema import batch, campaign

FIELDS = tuple(CampaignFields.model_fields)
# Tuples in a campaign, arrays in its row.
LISTS = (
    "accounts",
    "active_days",
    "allowed_regions",
    "holidays",
    "labels",
    "pool",
    "refused_line_types",
    "retry_on",
    "webhooks",
)

_THERE = campaign.c.deleted_at.is_(None)
# To any other batch work may still be added.
_IN_USE = select(batch.c.id).where(
    batch.c.deleted_at.is_(None),
    batch.c.archived_at.is_(None),
    func.coalesce(batch.c.expires_on > func.clock_timestamp(), true()),
)


class Deletion(Enum):
    """The result of the wish to delete a campaign."""

    DONE = "done"
    BEFORE = "before"
    IN_USE = "in use"
    UNKNOWN = "unknown"


def add(
    connection: Connection, fields: CampaignFields, by: str, *, created_as: dict[str, Wire]
) -> Campaign | None:
    """Store a new campaign; None when its name is taken."""
    rows = connection.execute(
        insert(campaign)
        .values(**_columns(fields), last_updated_by=by, created_as=created_as)
        .on_conflict_do_nothing(index_elements=["campaign_name"])
        .returning(campaign)
    )
    return _first(rows.mappings().first())


def replace(connection: Connection, campaign_id: int, fields: CampaignFields, by: str) -> Campaign:
    """Write the fields over those of the campaign, which the caller holds locked."""
    rows = connection.execute(
        update(campaign)
        .where(campaign.c.id == campaign_id)
        .values(
            **_columns(fields),
            last_updated_by=by,
            updated_at=func.clock_timestamp(),
            version=campaign.c.version + 1,
        )
        .returning(campaign)
    )
    return campaign_in(rows.mappings().one())


def find(connection: Connection, reference: str | int, *, lock: bool = False) -> Campaign | None:
    """The campaign with this name or, if it is written like one and is no name, this id."""
    clauses = [campaign.c.campaign_name == reference] if isinstance(reference, str) else []
    if _may_be_id(str(reference)):
        clauses.append(campaign.c.id == int(reference))
    for clause in clauses:
        query = select(campaign).where(clause, _THERE)
        rows = connection.execute(query.with_for_update(key_share=True) if lock else query)
        if found := _first(rows.mappings().first()):
            return found
    return None


def created_as(connection: Connection, campaign_id: int) -> dict[str, Wire] | None:
    """Return what the campaign was created as; None for one created before this was kept."""
    query = select(campaign.c.created_as).where(campaign.c.id == campaign_id)
    found: dict[str, Wire] | None = connection.scalar(query)
    return found


def id_of(connection: Connection, campaign_name: str) -> int | None:
    """The id of the campaign with this name."""
    found: int | None = connection.scalar(
        select(campaign.c.id).where(campaign.c.campaign_name == campaign_name, _THERE)
    )
    return found


def exists(connection: Connection, campaign_id: int) -> bool:
    """Return whether a campaign has this id; one that is there is not deleted before our transaction ends."""
    query = select(campaign.c.id).where(campaign.c.id == campaign_id, _THERE)
    held = query.with_for_update(read=True, key_share=True)
    return connection.execute(held).first() is not None


def mark_deleted(connection: Connection, campaign_id: int, by: str) -> Deletion:
    """Delete a campaign that no open batch needs; its name is free from then on.

    Its row stays, for what was done in its name. Whoever makes a batch of it meanwhile comes before or after.
    """
    chosen = campaign.c.id == campaign_id
    held = select(campaign.c.deleted_at).where(chosen).with_for_update()
    found = connection.execute(held).first()
    if found is None:
        return Deletion.UNKNOWN
    if found[0] is not None:
        return Deletion.BEFORE
    if connection.scalar(select(_IN_USE.where(batch.c.campaign_id == campaign_id).exists())):
        return Deletion.IN_USE
    freed = func.concat(campaign.c.campaign_name, " (deleted ", campaign.c.id, ")")
    connection.execute(
        update(campaign)
        .where(chosen)
        .values(
            campaign_name=freed,
            deleted_at=func.clock_timestamp(),
            updated_at=func.clock_timestamp(),
            last_updated_by=by,
        )
    )
    return Deletion.DONE


def everyone(connection: Connection) -> list[Campaign]:
    """Every campaign, in the order they were created."""
    rows = connection.execute(select(campaign).where(_THERE).order_by(campaign.c.id)).mappings()
    return [campaign_in(row) for row in rows]


def _may_be_id(reference: str) -> bool:
    return reference.isascii() and reference.isdigit() and len(reference) < 19


def _columns(fields: CampaignFields) -> dict[str, object]:
    columns = fields.model_dump()
    return columns | {name: list(columns[name]) for name in LISTS}


def _first(row: RowMapping | None) -> Campaign | None:
    return campaign_in(row) if row else None


def campaign_in(row: RowMapping) -> Campaign:
    """The campaign in a row of its table."""
    values = {name: row[name] for name in FIELDS}
    values |= {name: tuple(row[name]) for name in LISTS}
    return Campaign(
        id=row["id"],
        # What was checked when it was written is not checked again: rules may have grown since.
        fields=CampaignFields.model_construct(**values | {"mode": Channel(row["mode"])}),
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        last_updated_by=row["last_updated_by"],
        version=row["version"],
    )
