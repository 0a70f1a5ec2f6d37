"""Counters of all time, by name, whichever process counted."""

from collections.abc import Mapping

from sqlalchemy import Connection, text

_ADD = text("""
    INSERT INTO tally_slot (name, slot, n)
    SELECT name, mod(pg_backend_pid(), 64), n
    FROM unnest(CAST(:names AS text[]), CAST(:counts AS bigint[])) AS v (name, n)
    ORDER BY name
    ON CONFLICT (name, slot) DO UPDATE SET n = tally_slot.n + excluded.n
""")

# What older releases counted, and count where they still run, stands apart.
_READ = text("""
    SELECT name, sum(n)::bigint AS n FROM (
        SELECT name, n FROM tally_slot UNION ALL SELECT name, n FROM tally
    ) AS counted GROUP BY name
""")


def add(connection: Connection, counted: Mapping[str, int]) -> None:
    """Add to the counts; a name that is new begins with what it is given."""
    connection.execute(_ADD, {"names": list(counted), "counts": list(counted.values())})


def read(connection: Connection) -> dict[str, int]:
    """Every count."""
    return {row.name: row.n for row in connection.execute(_READ)}
