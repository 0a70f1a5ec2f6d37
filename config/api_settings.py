"""The public API's defaults for campaigns whose clients can't say everything."""

from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field
from pydantic_settings import BaseSettings


def _zone_name(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ValueError, OSError, KeyError):
        raise ValueError("must be an IANA time zone, like Europe/Berlin") from None
    return value


ZoneName = Annotated[str, AfterValidator(_zone_name)]


class ApiSettings(BaseSettings):
    """Defaults of campaigns that come by the public API."""

    api_mode: Literal["voice", "sms", "email"] | None = Field(
        None, description="mode of campaigns that the API makes without one"
    )
    api_source: str | None = Field(
        None, description="number or mailbox of campaigns that the API makes without a source"
    )
    api_zone: ZoneName = Field("UTC", description="zone of campaigns that the API makes")
    api_template: str | None = Field(
        None,
        description="name of the campaign whose words those take that the API makes without any",
    )
    api_rate_of_one: Literal["one-an-hour", "no-limit"] = Field(
        "one-an-hour",
        description="what hourly_rate 1 means, which the public API's clients send unless told otherwise",
    )
