"""`outreach key`: what programs and people show at the HTTP API."""

from datetime import datetime
from typing import Annotated

import typer

from worker.cli.context import AsJson, By, Wide, screen, session
from worker.cli.printing import add_row, complain, console, print_json, table
from worker.desk.keys import USUAL_PER_SECOND, NewKey, create_key, list_keys, revoke_key
from worker.domain.callers import Role

KeyName = Annotated[str, typer.Argument(metavar="NAME", help="Whose it is, or what it is for.")]
FORMATS = ["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M%z"]


def create(
    context: typer.Context,
    name: KeyName,
    *,
    role: Annotated[Role, typer.Option(help="What it may do; each may do what is before it too.")],
    campaign: Annotated[
        str | None, typer.Option(help="The only campaign it may see: name or id.")
    ] = None,
    expires: Annotated[
        datetime | None,
        typer.Option(formats=FORMATS, help="Refused from then on; in --zone if it names none."),
    ] = None,
    owner: Annotated[
        str | None, typer.Option(metavar="EMAIL", help="Whose changes they are; default: yours.")
    ] = None,
    per_second: Annotated[
        int, typer.Option(min=1, max=100_000, help="Calls a second at each process.")
    ] = USUAL_PER_SECOND,
    by: By = None,
) -> None:
    """Create a key. It is shown once, and kept nowhere."""
    current = session(context)
    operator = current.operator(by)
    if expires is not None and expires.tzinfo is None:
        expires = expires.replace(tzinfo=current.zone)
    holder = current.operator(owner) if owner else operator
    new = NewKey(name, holder, role, campaign, expires, per_second)
    made, key = create_key(current.runtime.engine, new, by=operator)
    complain(f"key {made.name!r} of {made.owner}; it is shown this once, and kept nowhere")
    console().print(key)


def list_(context: typer.Context, *, wide: Wide = False, as_json: AsJson = False) -> None:
    """List every key there ever was, never the keys themselves."""
    found = list_keys(session(context).runtime.engine)
    if as_json:
        print_json([one.to_wire() for one in found])
        return
    columns = ("name", "role", "campaign_id", "owner", "last_used_at", "expires_at", "revoked_at")
    listing = table(None, *columns)
    for one in found:
        add_row(listing, [getattr(one, name) for name in columns])
    screen(context, wide=wide).print(listing)


def revoke(context: typer.Context, name: KeyName, *, by: By = None) -> None:
    """Revoke a key: two seconds later, no process takes it."""
    current = session(context)
    revoke_key(current.runtime.engine, name, by=current.operator(by))
    console().print(f"key {name!r} is revoked")
