"""Keys of programs and people: created, listed, revoked."""

from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from secrets import token_urlsafe

from worker.desk import campaigns
from worker.domain.audit import Deed
from worker.domain.callers import AccessKey, Role
from worker.domain.errors import Mistake, WrongFields
from worker.domain.wire import stamp
from worker.store import audit, batches, keys
from worker.store.connect import Connection, Engine, in_transaction

USUAL_PER_SECOND = 500
"""Calls a second that a key may make of each process, unless it says otherwise."""

PREFIX = "outreach_"
"""By it, whoever finds a key in a log or a repository knows what it opens."""


class KeyExists(Mistake):
    """A name stands for one key at a time."""

    def __init__(self, name: str) -> None:
        super().__init__(f"there is a key {name!r} already; revoke it first")


class UnknownKey(Mistake):
    """No key of this name is in force."""

    def __init__(self, name: str) -> None:
        super().__init__(f"no key {name!r} is in force")


@dataclass(frozen=True, slots=True)
class NewKey:
    """The wanted properties of a new key. `campaign`: its name or id; None: all of them."""

    name: str
    owner: str
    role: Role
    campaign: str | None = None
    expires_at: datetime | None = None
    per_second: int = USUAL_PER_SECOND


def digest_of(key: str) -> bytes:
    """Return the digest that a key is known by.

    Keyed by its purpose, so that no digest of another purpose is ever one of these. Nothing slow is needed:
    a key is 256 random bits, which nobody finds by trying, while a slow hash would let anybody who sends
    wrong keys spend our time.
    """
    return blake2b(
        key.encode(errors="replace"), digest_size=32, key=b"outreach access key"
    ).digest()


def create_key(engine: Engine, new: NewKey, *, by: str) -> tuple[AccessKey, str]:
    """Create a key. Returns what is known of it, and the key itself, which nobody can be told again.

    Raises:
        KeyExists: one of this name is in force.
        UnknownCampaign: there is none.
        WrongFields: it has no name, or would have expired already.
    """
    if not new.name.strip():
        raise WrongFields(["name: must say whose key it is"])
    secret = PREFIX + token_urlsafe(32)
    return in_transaction(engine, _create, new, digest_of(secret), by=by), secret


def _create(connection: Connection, new: NewKey, digest: bytes, *, by: str) -> AccessKey:
    if new.expires_at is not None and new.expires_at <= (now := batches.now(connection)):
        raise WrongFields([f"expires: must lie ahead; by the database it is {stamp(now)}"])
    campaign = campaigns.get_campaign(connection, new.campaign).id if new.campaign else None
    values: dict[str, object] = {"name": new.name, "owner": new.owner, "role": new.role}
    values |= {"campaign_id": campaign, "expires_at": new.expires_at}
    values |= {"per_second": new.per_second, "created_by": by}
    made = keys.add(connection, digest, values)
    if made is None:
        raise KeyExists(new.name)
    audit.note(connection, Deed.CREATE, f"key {new.name}", by, detail={"role": [new.role]})
    return made


def list_keys(engine: Engine) -> list[AccessKey]:
    """Every key there ever was, oldest first."""
    return in_transaction(engine, keys.everyone)


def revoke_key(engine: Engine, name: str, *, by: str) -> AccessKey:
    """Revoke the key of this name: two seconds after this returns, no process takes it any more.

    Raises:
        UnknownKey: none of this name is in force.
    """

    def step(connection: Connection) -> AccessKey:
        revoked = keys.revoke(connection, name, by)
        if revoked is None:
            raise UnknownKey(name)
        audit.note(connection, Deed.REVOKE, f"key {name}", by)
        return revoked

    return in_transaction(engine, step)
