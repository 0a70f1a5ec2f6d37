"""Dependencies of the public API's routes: the generation that asks, and a list's questions."""

from typing import Annotated, Any, Literal

from fastapi import Depends, Path, Query, Request

from worker.api.use import Used
from worker.desk.outbound.campaigns import CampaignDefaults
from worker.desk.outbound.lists import Asked
from worker.domain.contract.batches import BatchId
from worker.domain.contract.outbound.generations import Generation, generation_of
from worker.domain.contract.outbound.lists import (
    FURTHEST_PAGE,
    LONGEST_PAGE,
    BatchProperty,
    CampaignProperty,
    ListQuery,
)
from worker.domain.fields import LARGEST_ID, Text
from worker.domain.statuses import Channel


async def _generation(request: Request) -> Generation:
    return generation_of(request.headers.get("user-agent", ""))


async def _defaults(runtime: Used) -> CampaignDefaults:
    settings = runtime.settings
    return CampaignDefaults(
        channel=Channel(settings.api_mode) if settings.api_mode else None,
        source=settings.api_source,
        zone=settings.api_zone,
        template=settings.api_template,
        of_one=1 if settings.api_rate_of_one == "one-an-hour" else None,
    )


Speaking = Annotated[Generation, Depends(_generation)]
Defaults = Annotated[CampaignDefaults, Depends(_defaults)]
BatchPath = Annotated[BatchId, Path(description="the batch's batch_id")]
CampaignPath = Annotated[int, Path(ge=1, le=LARGEST_ID, description="the campaign's id")]


def _said(values: list[str] | None) -> tuple[str, ...] | None:
    return tuple(values) if values else None


PageNumber = Annotated[int | None, Query(ge=0, le=FURTHEST_PAGE, description="0 is the first")]
Limit = Annotated[int, Query(ge=0, le=LONGEST_PAGE, description="items of a page")]
Values = Annotated[list[Text] | None, Query(description="what each of search_fields must be")]
Direction = Annotated[Literal["asc", "desc"] | None, Query(description="asc unless given")]
Time = Annotated[Text | None, Query(description="on created_at; UTC where it does not say")]


def _list_of(properties: Any) -> Any:  # noqa: ANN401  a dependency for each kind of list
    async def asked(  # noqa: PLR0913, PLR0917  as many as the list has
        page: PageNumber = None,
        limit: Limit = 25,
        search_fields: Annotated[list[properties] | None, Query()] = None,
        search_field_values: Values = None,
        order_by: Annotated[properties | None, Query()] = None,
        order_by_direction: Direction = None,
        fields: Annotated[list[properties] | None, Query(description="narrows items")] = None,
        start_datetime: Time = None,
        end_datetime: Time = None,
    ) -> Asked:
        return Asked(
            search_fields=_said(search_fields),
            search_field_values=_said(search_field_values),
            start_datetime=start_datetime,
            end_datetime=end_datetime,
            fields=_said(fields),
            query=ListQuery(
                page=page or 0,
                limit=limit,
                order_by=order_by,
                descending=order_by_direction == "desc",
            ),
        )

    return asked


AskedBatches = Annotated[Asked, Depends(_list_of(BatchProperty))]
AskedCampaigns = Annotated[Asked, Depends(_list_of(CampaignProperty))]
