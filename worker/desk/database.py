"""The database under everything: its condition, and bringing it up to date."""

from collections.abc import Collection, Iterable, Iterator

from worker.desk.findings import Finding
from worker.domain.accounts import split_source_key
from worker.domain.database_identity import UNRECOGNIZED_REASON
from worker.domain.recipients.identities import FOLD_VERSION, identity_of
from worker.domain.wire import stamp
from worker.store import (
    duties,
    expected_misses,
    halts,
    recipient_folding,
    server,
    tallies,
    unjudged,
)
from worker.store.connect import (
    Connection,
    Engine,
    StoreRefused,
    StoreUnavailable,
    connect,
    in_transaction,
)
from worker.store.duties import DutyRow
from worker.store.halts import HaltRow
from worker.store.health import write_something
from worker.store.version import OLDEST_POSTGRES

MOST_LATE = 20
START_ONE = "start a scheduler, or see why it hangs: python -m tasks.scheduler"
SEE_ITS_LOG = "see duty_failed in the scheduler's log"


def examine_database(engine: Engine) -> list[Finding]:
    """Return whether dispatch may rely on this database.

    Raises:
        StoreUnavailable: it can't be asked.
    """
    facts = server.read_condition(engine)
    major = facts.version // 10_000
    return [
        Finding(
            "database version",
            major >= OLDEST_POSTGRES,
            f"PostgreSQL {major}.{facts.version % 10_000}",
            f"use PostgreSQL {OLDEST_POSTGRES} or newer",
        ),
        *(_judge_durability(name, facts.forgetful) for name in server.DURABLE_SETTINGS),
        Finding(
            "migrations",
            facts.revision == facts.head,
            _shape(facts.revision, facts.head),
            "run: outreach db upgrade",
        ),
    ]


def _judge_durability(name: str, forgetful: Collection[str]) -> Finding:
    advice = f"set {name} = on: a database that forgets makes us contact people twice"
    return Finding(name, name not in forgetful, "off" if name in forgetful else "on", advice)


def examine_writes(engine: Engine) -> Finding:
    """True if it takes what is written: read-only or full, it looks as well as ever to whoever reads."""
    try:
        in_transaction(engine, write_something)
    except (StoreUnavailable, StoreRefused) as error:
        advice = "let it write: make room on its disk, or connect to the primary"
        return Finding("writing", False, str(error), advice)
    return Finding("writing", True, "it takes what is written")


def examine_clocks(engine: Engine) -> Finding:
    """Return whether this host's clock agrees with the database's, which decides what is due and when."""
    ahead = server.read_skew(engine)
    if abs(ahead) <= server.SKEW_TOLD:
        return Finding("clocks", True, "within a second of the database's")
    found = f"this host is {abs(ahead):.1f} s {'ahead of' if ahead > 0 else 'behind'} the database"
    return Finding("clocks", False, found, "let NTP set the clocks of both hosts")


def examine_duties(engine: Engine, names: Iterable[str]) -> list[Finding]:
    """Return whether each of these, which the schedulers do again and again, is done.

    Raises:
        StoreUnavailable: it can't be asked.
    """
    return list(judge_duties(names, in_transaction(engine, duties.newest)))


def judge_duties(names: Iterable[str], rows: Iterable[DutyRow]) -> Iterator[Finding]:
    """A finding per duty; `since` is when it last went well."""
    known = {row.name: row for row in rows}
    for name in names:
        row = known.get(name)
        what, since = f"duty {name}", row.done_at if row else None
        if row is None:
            yield Finding(what, False, "nobody has ever done it", START_ONE)
        elif row.fault:
            yield Finding(what, False, f"it fails: {row.fault}", SEE_ITS_LOG, since)
        elif row.overdue:
            found = f"nobody does it; it was due {stamp(row.next_at)}"
            yield Finding(what, False, found, START_ONE, since)
        else:
            took = "" if row.seconds is None else f" in {row.seconds:.1f} s"
            yield Finding(what, True, f"done{took}", since=since)


def examine_halts(engine: Engine) -> list[Finding]:
    """Return whether anything is stopped from sending, by whom and why."""
    in_force = in_transaction(engine, halts.in_force)
    if not in_force:
        return [Finding("dispatch", True, "nothing is halted")]
    return [
        Finding(
            f"dispatch of {row.scope} {row.key}".rstrip(),
            False,
            f"halted by {row.halted_by} since {stamp(row.halted_at)}: {row.reason}",
            _way_out(row),
            row.halted_at,
        )
        for row in in_force
    ]


def examine_doubts(engine: Engine) -> Finding:
    """Return whether what became of every attempt can be judged by what its provider says."""
    found = in_transaction(engine, unjudged.read)
    if not found.attempts:
        return Finding("doubts", True, "every open attempt can be judged")
    told = f"{found.attempts} attempts can't be judged: {', '.join(found.faults)}"
    advice = (
        "see judging_failed and look_failed in the scheduler's log; outreach attempts --in-doubt"
    )
    return Finding("doubts", False, told, advice, found.since)


def examine_ends(engine: Engine) -> list[Finding]:
    """Return which batches will not finish before they expire, as it was last laid out."""
    late = in_transaction(engine, expected_misses.late, MOST_LATE)
    if not late:
        return [Finding("batches in time", True, "all that end within a month")]
    return [
        Finding(
            f"batch {one.batch_id}",
            False,
            f"{one.missed:,} of its requests will not be attempted before {stamp(one.expires_on)}",
            f"a higher rate, longer hours or a later end; see: outreach batch plan {one.batch_id}",
        )
        for one in late
    ]


def examine_answers(engine: Engine, url: str) -> Finding:
    """Return whether any text was ever answered to us; until one is, where Twilio is to be pointed to."""
    counted = in_transaction(engine, tallies.read)
    received = sum(n for name, n in counted.items() if name.startswith("text:"))
    found = (
        f"{received} came in"
        if received
        else "none came in yet: point the incoming-message webhook of each Twilio number,"
        f" or of its messaging service, to {url} (HTTP POST)"
    )
    return Finding("answers to texts", True, found)


def _way_out(row: HaltRow) -> str:
    if UNRECOGNIZED_REASON in row.reason:
        return "check the database, then: outreach resume --after-restore"
    if row.scope == "source":
        channel, account, source = split_source_key(row.key)
        return f"mend it, then: outreach resume --channel {channel} --account {account} --source {source}"
    scope = "--all" if row.scope == "all" else f"--{row.scope} {row.key}"
    return f"mend the cause, then: outreach resume {scope}"


def upgrade_database(url: str, profile: str) -> int:
    """Apply every migration that is missing, and fold recipients by the rules of this release.

    Returns:
        how many recipients were folded anew.
    """
    # Here, because who only examines a database needs nothing that migrates one.
    from worker.store import migrate  # noqa: PLC0415

    migrate.upgrade(url, profile=profile)
    engine = connect(url, guarded=False, profile=profile)
    try:
        return in_transaction(engine, _fold_if_otherwise)
    finally:
        engine.dispose()


def _fold_if_otherwise(connection: Connection) -> int:
    if recipient_folding.read_version(connection) == FOLD_VERSION:
        return 0
    return recipient_folding.fold_anew(connection, identity_of, FOLD_VERSION)


def _shape(revision: str | None, head: str) -> str:
    if revision == head:
        return f"at {head}, the newest"
    return f"at {revision}, the newest is {head}" if revision else f"none applied of {head}"
