"""Checks that the database's server has room for us and that its copies follow."""

from worker.desk.findings import Finding
from worker.store import server
from worker.store.connect import Engine, in_transaction
from worker.store.server import Copies, Places

MOST_TAKEN = 0.8
"""Of the server's connections; a process that starts takes several at once."""


def examine_places(engine: Engine) -> Finding:
    """Return whether another process would still be let in.

    Raises:
        StoreUnavailable: it can't be asked.
    """
    return judge_places(in_transaction(engine, server.read_places))


def judge_places(places: Places) -> Finding:
    """The finding on so many connections."""
    found = f"{places.taken} of {places.offered} connections are taken"
    well = places.taken <= places.offered * MOST_TAKEN
    advice = "raise max_connections, start fewer processes, or put a pooler in between"
    return Finding("max_connections", well, found, advice)


def examine_copies(engine: Engine) -> list[Finding]:
    """Return whether standbys follow, slots are read and the archive takes what is written.

    Raises:
        StoreUnavailable: it can't be asked.
    """
    return judge_copies(in_transaction(engine, server.read_copies))


def judge_copies(copies: Copies) -> list[Finding]:
    """The findings on them; a server that nobody copies is as well as one that somebody does."""
    return [_judge_standbys(copies), _judge_slots(copies), _judge_archive(copies)]


def _judge_standbys(copies: Copies) -> Finding:
    behind = [name for name, state in copies.standbys if state != "streaming"]
    found = f"{len(copies.standbys)} follow" if copies.standbys else "no standby follows"
    if copies.awaited and not copies.standbys:
        advice = "start the standby, or empty synchronous_standby_names: no commit is acknowledged"
        return Finding("replication", False, f"{found}, but every commit waits for one", advice)
    if behind:
        advice = "see the standby's log; until it streams, a failover loses what it lacks"
        return Finding("replication", False, f"{found}; behind: {', '.join(behind)}", advice)
    return Finding("replication", True, found)


def _judge_slots(copies: Copies) -> Finding:
    if copies.idle_slots:
        found = f"nobody reads {', '.join(copies.idle_slots)}, and WAL is kept for it"
        advice = "start its reader, or pg_drop_replication_slot it before the disk is full"
        return Finding("replication slots", False, found, advice)
    return Finding("replication slots", True, "none is without a reader")


def _judge_archive(copies: Copies) -> Finding:
    if copies.archive_fails_since is None:
        return Finding("WAL archive", True, "nothing has failed")
    advice = "mend archive_command: WAL is kept until it succeeds, and fills the disk"
    since = copies.archive_fails_since
    return Finding("WAL archive", False, "it does not take what is written", advice, since)
