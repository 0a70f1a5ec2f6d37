"""Ids of messages, whichever door they came through."""

from uuid import NAMESPACE_URL, UUID, uuid5


def to_stored_id(given: str) -> str:
    """A message's id as it is stored and logged: a UUID as it is, anything else as a UUID made of it."""
    try:
        return str(UUID(given))
    except ValueError:
        return str(uuid5(NAMESPACE_URL, given.encode("utf-8", "backslashreplace").decode()))
