"""The straightforward way: DictReader, phonenumbers, and objects added to a session in chunks."""

import csv
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat
from sqlalchemy import create_engine, func, select
from sqlalchemy.orm import Session, registry, relationship

from worker.store import schema

CHUNK = 1_000


class Recipient:
    """A row of recipient."""

    def __init__(self, **fields: Any) -> None:
        vars_of(self, fields)


class Request:
    """A row of communication_request."""

    def __init__(self, **fields: Any) -> None:
        vars_of(self, fields)


class Waiting:
    """A row of queue."""

    def __init__(self, **fields: Any) -> None:
        vars_of(self, fields)


def vars_of(instance: object, fields: dict[str, Any]) -> None:
    """Set every field, as a declarative class's constructor does."""
    for name, value in fields.items():
        setattr(instance, name, value)


def _map() -> None:
    mapper = registry(metadata=schema.metadata)
    mapper.map_imperatively(Recipient, schema.recipient)
    mapper.map_imperatively(Request, schema.request, properties={"person": relationship(Recipient)})
    mapper.map_imperatively(Waiting, schema.queue, properties={"waiting": relationship(Request)})


def run(database_url: str, file: Path, batch: int, region: str) -> int:
    """Store the file's rows; returns how many there were."""
    _map()
    engine = create_engine(database_url)
    people: dict[str, Recipient] = {}
    references: set[str] = set()
    rows = 0
    with file.open(encoding="utf-8-sig", newline="") as opened, Session(engine) as session:
        for chunk in _chunks(csv.DictReader(opened)):
            rows += len(chunk)
            now = session.scalar(select(func.clock_timestamp()))
            session.add_all(_objects(chunk, batch, now, region, people, references))
            session.flush()
        session.commit()
    engine.dispose()
    return rows


def _chunks(reader: Iterable[dict[str, str]]) -> Iterator[list[dict[str, str]]]:
    rows = iter(reader)
    while chunk := list(islice(rows, CHUNK)):
        yield chunk


def _objects(
    chunk: list[dict[str, str]],
    batch: int,
    now: Any,
    region: str,
    people: dict[str, Recipient],
    references: set[str],
) -> Iterator[object]:
    for row in chunk:
        reference, target = row.pop("reference_id"), row.pop("target")
        if reference in references:
            continue
        references.add(reference)
        address = _normalized(target, region)
        status = _status(address, people)
        if address is not None and address not in people:
            people[address] = Recipient(channel="sms", identity=address)
        request = Request(
            batch=batch,
            person=people[address] if address else None,
            reference_id=reference,
            target=target,
            address=address,
            is_duplicate=status == "DUPLICATE",
            request_variables=row,
            request_status=status,
            channel_manager_status=status,
            error_code=None if address else "invalid_target",
            moved_by="ingest",
        )
        yield request
        if status == "PENDING":
            yield Waiting(waiting=request, batch=batch, due_at=now)


def _normalized(target: str, region: str) -> str | None:
    try:
        number = phonenumbers.parse(target, region)
    except NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def _status(address: str | None, people: dict[str, Recipient]) -> str:
    if address is None:
        return "INVALID"
    return "DUPLICATE" if address in people else "PENDING"
