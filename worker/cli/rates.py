"""Start, end and rates of a batch, as an operator types them."""

from typing import Annotated

import typer

from worker.domain.errors import WrongFields

StartsAt = Annotated[
    str | None,
    typer.Option(
        metavar="TIME",
        help="Nothing begins before, like 'tomorrow 8:00' by the campaign's clocks; none: at once.",
    ),
]
ExpiresOn = Annotated[
    str | None,
    typer.Option(
        metavar="TIME", help="When it ends, like 'fri 20:00' or 2025-08-13T00:00:00Z; none: never."
    ),
]
CallRate = Annotated[
    str | None,
    typer.Option(metavar="N", help="Attempts per hour, 1 to 3600; none: the campaign's rate."),
]
AutoCallRate = Annotated[
    bool | None,
    typer.Option("--auto-call-rate/--no-auto-call-rate", help="Pace to finish before it expires."),
]


def choose_rates(
    starts_at: str | None,
    expires_on: str | None,
    call_rate: str | None,
    auto_call_rate: bool | None,
) -> dict[str, object]:
    """Only the fields that were given; the word none clears one.

    Raises:
        WrongFields: the rate is no number.
    """
    given = {
        "starts_at": starts_at,
        "expires_on": expires_on,
        "call_rate": call_rate,
        "auto_call_rate": auto_call_rate,
    }
    named = {name: value for name, value in given.items() if value is not None}
    cleared = {name: None if value == "none" else value for name, value in named.items()}
    return cleared | _number("call_rate", cleared.get("call_rate"))


def _number(name: str, value: object) -> dict[str, object]:
    if not isinstance(value, str):
        return {}
    if not value.isascii() or not value.isdigit():
        raise WrongFields([f"{name}: must be a whole number, or none"])
    return {name: int(value)}
