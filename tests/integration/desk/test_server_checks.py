"""What the server itself says of its connections and copies."""

import psycopg
from sqlalchemy import Engine

from worker.desk.server_checks import examine_copies, examine_places


def test_connections_are_counted_as_they_are_taken(engine: Engine) -> None:
    before = int(examine_places(engine).found.split()[0])
    url = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)

    with psycopg.connect(url), psycopg.connect(url), psycopg.connect(url):
        assert int(examine_places(engine).found.split()[0]) >= before + 1


def test_a_slot_that_nobody_reads_is_named_until_it_is_dropped(engine: Engine) -> None:
    url = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SELECT pg_create_physical_replication_slot('left_behind', true)")
        try:
            unwell = [one for one in examine_copies(engine) if not one.well]
            assert [one.what for one in unwell] == ["replication slots"]
            assert "left_behind" in unwell[0].found
        finally:
            connection.execute("SELECT pg_drop_replication_slot('left_behind')")

    assert all(one.well for one in examine_copies(engine))
