"""The verdict: the sandbox's ledger, by the tokens on the wire, against the database."""

import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.request import urlopen
from uuid import UUID

from sqlalchemy import Engine, text

from worker.sandbox.scenarios import FAULTS

_ATTEMPTS = text("""
    SELECT a.token, a.state, a.sid, a.channel, a.doubted_at IS NOT NULL AS doubted,
           r.attempt = a.id AS is_current, r.request_status, a.error_code,
           r.moved_by = 'inference' AS inferred,
           EXISTS (SELECT FROM inbox AS i WHERE i.attempt = a.id) AS told
    FROM attempt AS a JOIN communication_request AS r ON r.id = a.request
""")
_OPEN = text("""
    SELECT count(*) FROM communication_request AS r JOIN communication_batch AS b ON b.id = r.batch
    WHERE request_status IN ('PENDING', 'INITIATED', 'CONNECTED') AND b.batch_id <> :apart_from
""")
_STUCK = text("""
    SELECT count(*) FROM communication_request AS r
    WHERE (request_status = 'PENDING') <> EXISTS (SELECT FROM queue AS q WHERE q.request = r.id)
        OR (request_status IN ('INITIATED', 'CONNECTED') AND NOT EXISTS (
            SELECT FROM attempt AS a WHERE a.id = r.attempt AND a.check_at IS NOT NULL))
""")
_MISCOUNTED = text("""
    SELECT count(*) FROM (
        SELECT batch, request_status, channel_manager_status, sum(n) AS n FROM request_count
        GROUP BY 1, 2, 3 HAVING sum(n) <> 0
    ) AS kept FULL JOIN (
        SELECT batch, request_status, channel_manager_status, count(*) AS n
        FROM communication_request GROUP BY 1, 2, 3
    ) AS counted USING (batch, request_status, channel_manager_status, n)
    WHERE kept.batch IS NULL OR counted.batch IS NULL
""")

# How the sandbox's last word on a call or message reads as a request's status.
TRUE_STATUS: dict[str, set[str]] = {
    "completed": {"COMPLETED"},
    "delivered": {"COMPLETED"},
    "busy": {"FAILED"},
    "no-answer": {"FAILED"},
    "undelivered": {"FAILED", "INVALID"},
    "failed": {"FAILED", "INVALID"},
}


@dataclass(slots=True)
class Verdict:
    """Every figure of the run; `broken` names the promises that did not hold."""

    figures: dict[str, Any] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)
    lost: set[UUID] = field(default_factory=set)
    """Tokens of attempts whose worker was gone before their answer could be recorded."""

    def hold(self, promise: str, holds: bool) -> None:
        """Note a promise."""
        if not holds:
            self.broken.append(promise)


def is_quiet(engine: Engine, apart_from: str = "") -> bool:
    """Whether every request is final; those of one batch may be left out."""
    with engine.connect() as connection:
        return not connection.scalar(_OPEN, {"apart_from": apart_from})


def _nobody(_: Mapping[str, Any]) -> bool:
    return False


def judge(
    engine: Engine, sandbox_url: str, is_left_alone: Callable[[Mapping[str, Any]], bool] = _nobody
) -> Verdict:
    """Compare what the providers saw with what the database says.

    `is_left_alone` says of one entry of the ledger whether its person may be skipped at the retry.
    """
    verdict = Verdict()
    ledger = ask(sandbox_url, "ledger")
    contacts = Counter(UUID(contact["token"]) for contact in ledger)
    truth = {UUID(contact["token"]): contact for contact in ledger}
    with engine.connect() as connection:
        attempts = connection.execute(_ATTEMPTS).all()
        still_open = connection.scalar(_OPEN, {"apart_from": ""}) or 0
        stuck = connection.scalar(_STUCK) or 0
        miscounted = connection.scalar(_MISCOUNTED) or 0
    _judge_contacts(verdict, attempts, contacts)
    _judge_doubts(verdict, attempts, truth)
    _judge_outcomes(verdict, attempts, truth, is_left_alone)
    verdict.figures |= {"still_open": still_open, "lost_or_stuck": stuck, "miscounted": miscounted}
    verdict.hold("every request ends", still_open == 0)
    verdict.hold("no request is lost or stuck", stuck == 0)
    verdict.hold("counts are a recount", miscounted == 0)
    fired = ask(sandbox_url, "summary")["faults_fired"]
    verdict.figures["faults_fired"] = fired
    missing = sorted(set(FAULTS) - set(fired))
    verdict.hold(f"every fault fired (missing: {', '.join(missing)})", not missing)
    return verdict


def _judge_contacts(verdict: Verdict, attempts: Any, contacts: Counter[UUID]) -> None:
    known = {row.token for row in attempts}
    surely = [row.token for row in attempts if row.state in {"ACCEPTED", "DONE"}]
    never = [row.token for row in attempts if row.state in {"NOT_SENT", "REFUSED"}]
    most = max(contacts.values(), default=0)
    verdict.figures |= {
        "attempts": len(attempts),
        "contacts": contacts.total(),
        "contacts_per_attempt_max": most,
        "counted_attempts_contacted": sum(contacts[token] for token in surely),
        "counted_attempts": len(surely),
        "unresolved": sum(row.state == "UNRESOLVED" for row in attempts),
        "contacts_judged_never_sent": sum(contacts[token] for token in never),
    }
    verdict.hold("at most one contact per attempt", most <= 1)
    verdict.hold("no contact without an attempt", not set(contacts) - known)
    verdict.hold("every counted attempt was one contact", all(contacts[t] == 1 for t in surely))
    verdict.hold("what was judged never sent was never sent", not any(contacts[t] for t in never))


def _judge_doubts(verdict: Verdict, attempts: Any, truth: dict[UUID, Any]) -> None:
    how: Counter[str] = Counter()
    accepted = found = 0
    for row in attempts:
        if not row.doubted:
            continue
        how[_resolution(row)] += 1
        contact = truth.get(row.token)
        if contact is not None and row.channel != "email":
            accepted += 1
            found += row.sid == contact["sid"] and row.state == "DONE"
    verdict.figures["in_doubt"] = dict(how)
    verdict.lost = {row.token for row in attempts if row.error_code == "worker_lost"}
    verdict.lost |= {token for token, contact in truth.items() if contact["abandoned"]}
    verdict.figures["attempts_whose_worker_was_lost"] = len(verdict.lost)
    verdict.figures["in_doubt_accepted"] = accepted
    verdict.figures["in_doubt_found"] = found
    verdict.hold("nine in ten doubts end with the truth", found >= 0.9 * accepted)


def _resolution(row: Any) -> str:
    if row.state == "UNRESOLVED":
        return "closed by policy"
    if row.state == "NOT_SENT":
        return "proven absent"
    if row.state in {"IN_DOUBT", "SENDING"}:
        return "still open"
    return "by callback" if row.told else "by asking"


def _judge_outcomes(
    verdict: Verdict,
    attempts: Any,
    truth: dict[UUID, Any],
    is_left_alone: Callable[[Mapping[str, Any]], bool],
) -> None:
    """The latest attempt's request ends as the provider's last word says.

    Where that word never came, silence was judged by policy; those are counted apart. Who said stop
    before the retry, or has had enough contacts, is left alone: that request ends as SKIPPED.
    """
    wrong: list[str] = []
    inferred = 0
    for row in attempts:
        contact = truth.get(row.token)
        if contact is None or not row.is_current or row.state != "DONE":
            continue
        inferred += row.inferred
        expected = TRUE_STATUS.get(contact["status"], set())
        if "FAILED" in expected and is_left_alone(contact):
            expected = expected | {"SKIPPED"}
        if expected and not row.inferred and row.request_status not in expected:
            wrong.append(f"{row.token}: provider {contact['status']}, here {row.request_status}")
    verdict.figures |= {"wrong_outcomes": wrong, "judged_from_silence": inferred}
    verdict.hold("every outcome is the true one", not wrong)


def ask(sandbox_url: str, what: str) -> Any:
    """One of the sandbox's books: `ledger`, `summary`, `opt-outs`, `contents`."""
    with urlopen(f"{sandbox_url}/sandbox/{what}", timeout=30) as answer:  # noqa: S310  loopback
        return json.load(answer)
