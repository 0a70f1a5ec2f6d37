"""Logs as events: one line each, JSON, on standard output.

No personal data gets this far by design; the redaction below is the second lock on the same door.
"""

import logging
import re
import sys
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from functools import partial
from socket import gethostname
from typing import Any

import structlog

# Things that look like a phone number or a mailbox, wherever they turn up in a log line.
PHONE = re.compile(r"\+\d{7,15}\b")
MAILBOX = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+")

# These log addresses, keys or bodies below WARNING.
TALKATIVE = (
    "twilio",
    "python_http_client",
    "sendgrid",
    "urllib3",
    "aiohttp",
    "httpcore",
    "kombu",
    "amqp",
)

# What these say quotes the address they talk to, whose path, query or user may be a secret.
QUOTING = ("opentelemetry", "urllib3")


def set_up(level: str, worker: str) -> None:
    """Send every logger of the process through one redacting JSON formatter.

    Args:
        level: the least severe that is written.
        worker: what this process is, as in the Procfile; every line names it, with its host.
    """
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        partial(_name_worker, f"{worker}@{gethostname()}"),
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        redact,
    ]
    structlog.configure(
        # First of all: a line that nobody asked for costs nothing more.
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[quote_nothing, *shared],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                redact,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)


def quote_nothing(
    _logger: object, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Keep what some libraries say, without what they say it of: the sentence as it stands in their code."""
    record = event.get("_record")
    if isinstance(record, logging.LogRecord) and record.name.partition(".")[0] in QUOTING:
        event["event"] = str(record.msg)
        event.pop("exc_info", None)
        if record.exc_info and record.exc_info[0]:
            event["error"] = record.exc_info[0].__name__
    return event


def _name_worker(
    worker: str, _logger: object, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    event["worker"] = worker
    return event


@contextmanager
def only_errors() -> Iterator[None]:
    """For a command: what it did it says itself, so that its log holds errors alone, on standard error."""
    before = structlog.get_config()
    # What the driver mutters about a lost connection, a command says in one sentence.
    logging.getLogger("psycopg").addHandler(logging.NullHandler())
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            redact,
            structlog.processors.KeyValueRenderer(key_order=["event"], drop_missing=True),
        ],
        # Python's last resort for a logger without a handler is standard error, from WARNING on.
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR),
        cache_logger_on_first_use=False,
    )
    try:
        yield
    finally:
        structlog.configure(**before)


def redact(
    _logger: object, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Blank out what looks like an address in any text of the event, however deep."""
    for key, value in event.items():
        event[key] = _blank(value)
    return event


def _blank(value: object) -> object:
    match value:
        case str():
            return MAILBOX.sub("[mailbox]", PHONE.sub("[phone]", value))
        case Mapping():
            return {_blank(key): _blank(inner) for key, inner in value.items()}
        case list() | tuple() | set():
            return [_blank(inner) for inner in value]
        case _:
            return value
