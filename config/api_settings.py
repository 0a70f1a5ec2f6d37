"""The API process: defaults for campaigns whose clients can't say everything, and whose word it takes."""

from ipaddress import ip_network
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, model_validator
from pydantic_settings import BaseSettings

from config.faults import HEADER_NAME


def _zone_name(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ValueError, OSError, KeyError):
        raise ValueError("must be an IANA time zone, like Europe/Berlin") from None
    return value


ZoneName = Annotated[str, AfterValidator(_zone_name)]


def _networks(value: str) -> str:
    try:
        for one in value.split(","):
            ip_network(one.strip())
    except ValueError:
        raise ValueError("must be addresses or networks with commas, like 10.0.0.5") from None
    return value


HeaderName = Annotated[str, Field(pattern=HEADER_NAME)]
Networks = Annotated[str, AfterValidator(_networks)]


class ApiSettings(BaseSettings):
    """Defaults of campaigns that come by the public API, and who may say who is at the console."""

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
    trusted_user_header: HeaderName | None = Field(
        None,
        description="header in which a proxy names whom it has authenticated at the console, by mailbox",
    )
    trusted_user_from: Networks | None = Field(
        None, description="addresses of that proxy: from any other the header means nothing"
    )

    @model_validator(mode="after")
    def _a_trusted_header_has_a_sender(self) -> Self:
        if (self.trusted_user_header is None) != (self.trusted_user_from is None):
            raise ValueError(
                "TRUSTED_USER_HEADER and TRUSTED_USER_FROM are set together: which header, from whom"
            )
        return self
