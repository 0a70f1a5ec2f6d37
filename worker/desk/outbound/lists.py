"""Lists as the public API's clients ask for them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from worker.desk.batches import details_of
from worker.domain.callers import Caller
from worker.domain.contract.outbound import batches, campaigns_out
from worker.domain.contract.outbound.batches import show_batch
from worker.domain.contract.outbound.campaigns_out import show_campaign
from worker.domain.contract.outbound.generations import Generation
from worker.domain.contract.outbound.lists import (
    ListQuery,
    Page,
    moment,
    narrow,
    pair_search,
    show_page,
    whole_number,
)
from worker.domain.errors import WrongFields
from worker.domain.wire import Wire
from worker.store import outbound_lists
from worker.store.connect import Connection, Engine, in_transaction

Fields = tuple[str, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A list as it was asked for, before anything is read."""

    search_fields: Fields = None
    search_field_values: Fields = None
    start_datetime: str | None = None
    end_datetime: str | None = None
    fields: Fields = None
    query: ListQuery


def list_public_batches(
    engine: Engine, asked: Asked, generation: Generation, caller: Caller
) -> Wire:
    """ListResponse of CommunicationBatch.

    Raises:
        WrongFields: a value that is searched for is none of its field's.
    """

    def statuses(name: str) -> object:
        if meant := generation.batches_meant_by(name):
            return meant
        raise ValueError("is no status of a batch")

    kinds = {"campaign_id": whole_number, "expires_on": moment, "last_updated_at": moment}
    query = _query(asked, {**kinds, "status": statuses}, caller)

    def step(connection: Connection) -> Page:
        found, total = outbound_lists.find_batches(connection, query)
        shown = [show_batch(one, generation) for one in details_of(connection, found)]
        return Page([narrow(one, asked.fields, batches.REQUIRED) for one in shown], total)

    return show_page(in_transaction(engine, step), query, generation)


def list_public_campaigns(
    engine: Engine, asked: Asked, generation: Generation, caller: Caller
) -> Wire:
    """ListResponse of OutboundCampaign.

    Raises:
        WrongFields: a value that is searched for is none of its field's.
    """
    query = _query(asked, {"id": whole_number, "updated_at": moment}, caller)

    def step(connection: Connection) -> Page:
        found, total = outbound_lists.find_campaigns(connection, query)
        shown = [show_campaign(one) for one in found]
        return Page([narrow(one, asked.fields, campaigns_out.REQUIRED) for one in shown], total)

    return show_page(in_transaction(engine, step), query, generation)


def _query(asked: Asked, kinds: Mapping[str, Callable[[str], object]], caller: Caller) -> ListQuery:
    return replace(
        asked.query,
        search=pair_search(asked.search_fields, asked.search_field_values, kinds),
        since=_time("start_datetime", asked.start_datetime),
        until=_time("end_datetime", asked.end_datetime),
        campaign=caller.campaign,
    )


def _time(name: str, value: str | None) -> datetime | None:
    try:
        return moment(value) if value else None
    except ValueError as error:
        raise WrongFields([f"{name}: {error}"]) from None
