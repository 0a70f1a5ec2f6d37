"""The durable door: messages appended to a Redis Stream. `python -m tasks.stream`, any number of them.

    XADD outreach:triggers * name outreach.create_batch payload '{"batch_id": …}'

An entry is acknowledged and deleted only after its effect, or its dead letter, has been committed; what
a reader that died leaves behind is claimed by another.
"""

import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from json import loads
from math import inf
from threading import Event
from typing import Any

import structlog
from redis import Redis
from redis.exceptions import ResponseError

from config import logs
from config.names import Names
from tasks.app import runtime, settings
from tasks.envelope import as_text
from tasks.intake import keep, take_in
from tasks.start import presence, wait_for_the_database
from tasks.stop import stop_when_asked
from worker.desk.messages import whole
from worker.heartbeat import HEART

log = structlog.get_logger()

Entry = tuple[bytes, Mapping[bytes, bytes] | None]
REQUIRED = {b"name", b"payload"}
FIELDS = REQUIRED | {b"id", b"traceparent"}
AT_ONCE = 10
KIND = "stream"
PAUSE = 1.0
LONGEST_ROUND = 10.0
"""Seconds that the broker may take for a round: the client's time limits."""


def main() -> None:
    """Read until SIGTERM or SIGINT; the entry under way is finished first."""
    logs.set_up(settings.log_level, "stream")
    stop = stop_when_asked()
    HEART.start("stream")
    if settings.broker_url.startswith("redis"):
        wait_for_the_database(stop)
    read_until(stop)
    runtime().close_provider_loop()
    presence().end()


def read_until(stop: Event) -> None:
    """Take in entry by entry; on a broker without streams, wait."""
    if not settings.broker_url.startswith("redis"):
        log.warning("no_stream_on_this_broker")
        HEART.beat(inf)
        stop.wait()
        return
    names = settings.names
    reader = Reader(connect(settings.broker_url), stop, settings.timing.lease, names)
    log.info("stream_ready", stream=names.stream)
    HEART.turn(KIND)
    while not stop.is_set():
        HEART.beat(LONGEST_ROUND)
        if step(reader, stop):
            HEART.turn(KIND)


def connect(url: str) -> Redis:
    """A client that a half-open connection does not hang."""
    return Redis.from_url(
        url, socket_timeout=5, socket_connect_timeout=5, socket_keepalive=True, protocol=2
    )


def step(reader: "Reader", stop: Event) -> bool:
    """One round; a broker or a store that takes nothing is waited for. Returns whether all was taken."""
    try:
        taken = [_try_take_in(reader, entry) for entry in reader.entries() if not stop.is_set()]
    except Exception as error:  # noqa: BLE001  a door: one bad round must not be the last
        log.warning("stream_waits", error=type(error).__name__)
        taken = [False]
    if not all(taken):
        stop.wait(PAUSE)
    return all(taken)


def _try_take_in(reader: "Reader", entry: Entry) -> bool:
    """True if it was taken; one that was not stays in the stream, and keeps no other from being tried."""
    try:
        take_in_entry(reader, entry)
    except Exception as error:  # noqa: BLE001  whatever it was, the entry is not lost
        log.warning("entry_waits", error=type(error).__name__)
        return False
    return True


def take_in_entry(reader: "Reader", entry: Entry) -> None:
    """Take one entry in, and acknowledge it after the commit."""
    number, fields = entry
    if fields is not None:
        _take(number.decode(), fields)
    reader.acknowledge(number)


def _take(number: str, fields: Mapping[bytes, bytes]) -> None:
    message_id = as_text(fields.get(b"id") or f"stream-{number}".encode())
    name = as_text(fields.get(b"name", b""))
    if not REQUIRED <= set(fields) <= FIELDS:
        everything = {as_text(field): as_text(value) for field, value in fields.items()}
        keep(
            "an entry has the fields name, payload and perhaps id and traceparent",
            whole(everything),
            None,
            message_id,
        )
        return
    try:
        payload: Any = loads(fields[b"payload"].decode())
    except (ValueError, RecursionError):
        keep("the payload is not JSON in utf-8", as_text(fields[b"payload"]), name, message_id)
    else:
        take_in(name, message_id, payload, as_text(fields.get(b"traceparent", b"")))


@dataclass
class Reader:
    """A consumer of the group. `idle` is for how many seconds an entry may go unacknowledged."""

    client: Redis
    stop: Event
    idle: float
    names: Names
    name: str = f"{socket.gethostname()}-{os.getpid()}"

    def entries(self) -> list[Entry]:
        """Read what somebody left behind, else what is new, else nothing after a second."""
        try:
            return self._abandoned() or self._new()
        except ResponseError as error:
            if "NOGROUP" not in str(error):
                raise
            self._join()
            return []

    def acknowledge(self, number: bytes) -> None:
        """Done: the entry is deleted too, since it may hold personal data."""
        with self.client.pipeline() as both:
            both.xack(self.names.stream, self.names.group, number)
            both.xdel(self.names.stream, number)
            both.execute()

    def _abandoned(self) -> list[Entry]:
        answer: Any = self.client.xautoclaim(
            self.names.stream,
            self.names.group,
            self.name,
            min_idle_time=int(self.idle * 1000),
            count=AT_ONCE,
        )
        claimed: list[Entry] = answer[1]
        return claimed

    def _new(self) -> list[Entry]:
        answer: Any = self.client.xreadgroup(
            self.names.group,
            self.name,
            {self.names.stream: ">"},
            count=AT_ONCE,
            block=int(PAUSE * 1000),
        )
        found: list[Entry] = answer[0][1] if answer else []
        return found

    def _join(self) -> None:
        """Make the group, from the beginning of the stream: also after the broker was emptied."""
        try:
            self.client.xgroup_create(self.names.stream, self.names.group, id="0", mkstream=True)
        except ResponseError as error:
            if "BUSYGROUP" not in str(error):
                raise


if __name__ == "__main__":
    main()
