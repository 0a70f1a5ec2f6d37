"""What an environment tells libraries behind our back: another server to go to, a proxy on the way."""

import os


def forget_detours(*, database: bool = True) -> None:
    """Forget them, for whoever talks to this machine alone.

    `PGHOSTADDR`, `PGSERVICE` and the like lead libpq from the address it is given to another one, or ask for
    more than a server of ours has (`PGSSLMODE`); a proxy does not know this machine by 127.0.0.1.
    Source: https://www.postgresql.org/docs/current/libpq-envars.html

    Args:
        database: False where somebody chose a database, for whose sake those may be there.
    """
    for name in list(os.environ):
        if name.lower().endswith("_proxy") or (database and name.startswith("PG")):
            del os.environ[name]
