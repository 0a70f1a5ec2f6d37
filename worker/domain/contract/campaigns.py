"""A campaign: who reaches out, when, how often and with what words."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import partial
from re import fullmatch
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, Strict, model_validator

from worker.domain.accounts import MAIN
from worker.domain.content.campaign_words import Template
from worker.domain.content.senders import EXAMPLE, NUMBER, kind_of
from worker.domain.content.voicemail import voicemail_detection
from worker.domain.contract.account_lists import (
    Account,
    AccountList,
    AccountSources,
    fault_in,
    in_step,
)
from worker.domain.contract.pools import first_source, pool, sources_of
from worker.domain.contract.webhooks import webhooks
from worker.domain.errors import CannotChangeMode, WrongFields
from worker.domain.evidence.retries import USUAL
from worker.domain.field_faults import REGION
from worker.domain.fields import ClockTime, Interval, Name, Rate, Text, WireModel, Zone, validate
from worker.domain.recipients.number_policy import LineType
from worker.domain.schedule.hours import (
    DailyCaps,
    Holidays,
    Outcomes,
    Overrides,
    RetryDelays,
    WeekdayHours,
)
from worker.domain.schedule.windows import RECIPIENT_DAY
from worker.domain.statuses import Channel
from worker.domain.wire import Wire, to_wire

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEK: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

# The content each channel may carry. What of it a channel needs stands in `_content_is_whole`.
CONTENT: dict[Channel, tuple[str, ...]] = {
    Channel.VOICE: ("twiml", "url"),
    Channel.SMS: ("body",),
    Channel.EMAIL: ("subject", "html", "text", "template_id"),
}
# What we can send from, loosely: the provider knows which of these are ours.
SOURCES: dict[Channel, tuple[Callable[[str], object], str]] = {
    Channel.VOICE: (partial(fullmatch, NUMBER), "a phone number like +15125550100"),
    Channel.SMS: (kind_of, EXAMPLE),
    Channel.EMAIL: (
        partial(fullmatch, r"[^@\s<>,;]+@[^@\s<>,;]+"),
        "a mailbox like billing@example.com",
    ),
}


def _as_tuple(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


def _in_week_order(days: tuple[Day, ...]) -> tuple[Day, ...]:
    if not days:
        raise ValueError("must name at least one day, mon to sun")
    return tuple(day for day in WEEK if day in days)


def _web_address(value: str) -> str:
    if not fullmatch(r"https?://[^\s/]+\S*", value):
        raise ValueError("must be an http:// or https:// address")
    return value


Days = Annotated[tuple[Day, ...], BeforeValidator(_as_tuple), AfterValidator(_in_week_order)]
Labels = Annotated[tuple[Text, ...], BeforeValidator(_as_tuple)]
Region = Annotated[str, Field(pattern=REGION)]
Regions = Annotated[tuple[Region, ...], BeforeValidator(_as_tuple)]
LineTypes = Annotated[tuple[LineType, ...], BeforeValidator(_as_tuple)]
# Not in the class: there the field's own default would stand for the function of its name.
Detection = Annotated[dict[str, object], AfterValidator(voicemail_detection)]
Webhooks = Annotated[
    tuple[dict[str, object], ...], BeforeValidator(_as_tuple), AfterValidator(webhooks)
]
Pool = Annotated[tuple[dict[str, object], ...], BeforeValidator(_as_tuple), AfterValidator(pool)]


class CampaignFields(WireModel):
    """The fields of a campaign, under their names on the wire."""

    campaign_name: Name
    description: Text | None = None
    mode: Annotated[Channel, Strict(strict=False)]
    source: Text
    pool: Pool = ()
    account: Account = MAIN
    accounts: AccountList = ()
    account_sources: AccountSources = Field(default_factory=dict)
    caller_id: Text | None = None
    campaign_variables: dict[Text, Text] = Field(default_factory=dict)
    daily_start_time: ClockTime = time(9)
    daily_end_time: ClockTime = time(20)
    active_days: Days = WEEK
    timezone: Zone = "UTC"
    holidays: Holidays = ()
    date_overrides: Overrides = Field(default_factory=dict)
    weekday_hours: WeekdayHours = Field(default_factory=dict)
    recipient_hours: bool = True
    recipient_start_time: ClockTime = RECIPIENT_DAY[0]
    recipient_end_time: ClockTime = RECIPIENT_DAY[1]
    default_region: Region = "US"
    allowed_regions: Regions = ()
    refused_line_types: LineTypes = ()
    allow_costly_numbers: bool = False
    hourly_rate: Rate | None = None
    max_daily_calls: Annotated[int, Field(ge=1)] | None = None
    daily_caps: DailyCaps = Field(default_factory=dict)
    frequency_cap: Annotated[int, Field(ge=1, le=1_000)] | None = None
    frequency_days: Annotated[int, Field(ge=1, le=365)] = 7
    retry_count: Annotated[int, Field(ge=0, le=100)] = 0
    retry_interval: Interval = timedelta(minutes=30)
    retry_on: Outcomes = USUAL
    retry_delays: RetryDelays = Field(default_factory=dict)
    voicemail_detection: Detection | None = None
    resend_in_doubt: bool = False
    labels: Labels = ()
    webhooks: Webhooks = ()
    twiml: Text | None = None
    url: Annotated[Text, AfterValidator(_web_address)] | None = None
    body: Text | None = None
    subject: Text | None = None
    html: Text | None = None
    text: Text | None = None
    template_id: Text | None = None

    @model_validator(mode="before")
    @classmethod
    def _first_of_a_pool_stands_for_it(cls, values: object) -> object:
        if isinstance(values, dict) and values.get("source") is None:
            first = first_source(values.get("pool"))
            return values if first is None else values | {"source": first}
        return values

    @model_validator(mode="after")
    def _sources_fit_the_channel(self) -> Self:
        fits, example = SOURCES[self.mode]
        if not fits(self.source):
            raise ValueError(f"source: must be {example}")
        for account, source in self.account_sources.items():
            if not fits(source):
                raise ValueError(f"account_sources.{account}: must be {example}")
        named = sources_of(self.pool)
        for place, one in enumerate(named):
            if not fits(one):
                raise ValueError(f"pool.{place}.source: must be {example}")
        if named and self.source not in named:
            raise ValueError("source: must be one of the pool's; leave it out, and it is the first")
        return self

    @model_validator(mode="after")
    def _accounts_fit_together(self) -> Self:
        if fault := fault_in(self.account, self.accounts, self.account_sources):
            raise ValueError(fault)
        return self

    @model_validator(mode="after")
    def _window_is_open_some_time(self) -> Self:
        if self.daily_start_time == self.daily_end_time:
            raise ValueError("daily_end_time: must differ from daily_start_time")
        if self.recipient_end_time <= self.recipient_start_time:
            raise ValueError("recipient_end_time: must be after recipient_start_time")
        return self

    @model_validator(mode="after")
    def _content_is_whole(self) -> Self:
        for channel, names in CONTENT.items():
            if channel is not self.mode and (
                stray := [name for name in names if getattr(self, name)]
            ):
                raise ValueError(f"{stray[0]}: has no place in a campaign of mode {self.mode}")
        if missing := _missing_content(self):
            raise ValueError(missing)
        return self


def _missing_content(fields: CampaignFields) -> str | None:
    match fields.mode:
        case Channel.SMS | Channel.EMAIL if fields.voicemail_detection:
            return f"voicemail_detection: has no place in a campaign of mode {fields.mode}"
        case Channel.VOICE if bool(fields.twiml) == bool(fields.url):
            return "twiml: a voice campaign needs either twiml or url"
        case Channel.SMS if not fields.body:
            return "body: an sms campaign needs a body"
        case Channel.EMAIL if not (fields.template_id or fields.subject):
            return "subject: an email campaign needs a subject, or a template_id"
        case Channel.EMAIL if not (fields.template_id or fields.html or fields.text):
            return "html: an email campaign needs html or text, or a template_id"
        case _:
            return None


def campaign_fields(values: Mapping[str, object]) -> CampaignFields:
    """The fields of a campaign, checked.

    Raises:
        WrongFields: naming every field that is missing, unknown or wrong, templates included.
    """
    # Here, because templates take long to import, and who lists campaigns parses none.
    from worker.domain.content.render import check  # noqa: PLC0415

    fields = validate(CampaignFields, in_step(values))
    if faults := check(template_of(fields)):
        raise WrongFields(faults)
    return fields


def template_of(fields: CampaignFields) -> Template:
    """The words of a campaign."""
    words = {name: getattr(fields, name) for names in CONTENT.values() for name in names}
    return Template(channel=fields.mode, caller_id=fields.caller_id, **words)


def apply_changes(fields: CampaignFields, changes: Mapping[str, object]) -> CampaignFields:
    """The fields after a partial update; only the given names change.

    Raises:
        WrongFields: a change is unknown or wrong.
        CannotChangeMode: its requests are for another channel.
    """
    after = campaign_fields(_merge(fields.model_dump(), in_step(changes)))
    if after.mode is not fields.mode:
        raise CannotChangeMode(fields.campaign_name)
    return after


def _merge(before: Mapping[str, object], changes: Mapping[str, object]) -> dict[str, object]:
    """The values with the changes; another pool brings its own first source, unless one is named."""
    after = {**before, **changes}
    named = changes.get("pool")
    if "source" not in changes and isinstance(named, list | tuple) and named:
        kept = [
            one for one in named if isinstance(one, dict) and one.get("source") == before["source"]
        ]
        return after if kept else after | {"source": None}
    return after


@dataclass(frozen=True, slots=True)
class Campaign:
    """A campaign as it is stored."""

    id: int
    fields: CampaignFields
    created_at: datetime
    updated_at: datetime
    last_updated_by: str
    version: int = 1
    """Counts its edits; each attempt says which it used."""

    def to_wire(self) -> dict[str, Wire]:
        """Its fields under their names on the wire."""
        fields = {name: getattr(self.fields, name) for name in CampaignFields.model_fields}
        about = {
            name: getattr(self, name)
            for name in ("created_at", "updated_at", "last_updated_by", "version")
        }
        return {name: to_wire(value) for name, value in ({"id": self.id} | fields | about).items()}
