"""Spans by OpenTelemetry's SDK; imported only where somebody collects them (`tracing.py`)."""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from hashlib import sha256
from threading import Thread
from time import time_ns
from uuid import UUID

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.trace import (
    Link,
    NonRecordingSpan,
    SpanContext,
    StatusCode,
    TraceFlags,
    set_span_in_context,
)

from worker.tracing import Attributes

ALONE = Context()
PATIENCE = 3.0
"""Seconds that the last spans may take on their way."""
_TOKEN: ContextVar[UUID | None] = ContextVar("token", default=None)


class _Ids(RandomIdGenerator):
    """By chance; those of an attempt's span by a hash of its token, so that each process can link to it."""

    def generate_trace_id(self) -> int:
        token = _TOKEN.get()
        return super().generate_trace_id() if token is None else _context_of(token).trace_id

    def generate_span_id(self) -> int:
        token = _TOKEN.get()
        return super().generate_span_id() if token is None else _context_of(token).span_id


class Spans:
    """Makes spans of a process, and gives them to a processor."""

    def __init__(self, process: str, processor: SpanProcessor) -> None:
        name = os.environ.get("OTEL_SERVICE_NAME", f"outreach-{process}")
        self._provider = TracerProvider(
            resource=Resource.create({"service.name": name}), id_generator=_Ids()
        )
        self._provider.add_span_processor(processor)
        self._tracer = self._provider.get_tracer("outreach")

    @contextmanager
    def span(
        self, name: str, origins: Iterable[str], attributes: Attributes, *, is_child: bool
    ) -> Iterator[str]:
        """A span for as long as the block lasts; of an error it tells the name, for its text may quote."""
        contexts = [_read(one) for one in origins]
        inside = ALONE
        if is_child and contexts:
            inside = set_span_in_context(NonRecordingSpan(contexts.pop()), ALONE)
        links, given = [Link(one) for one in contexts], _without_none(attributes)
        span = self._tracer.start_span(name, inside, links=links, attributes=given)
        try:
            yield _write(span.get_span_context())
        except BaseException as error:
            span.set_status(StatusCode.ERROR, type(error).__name__)
            raise
        finally:
            span.end()

    def attempt(self, token: UUID, origin: str | None, seconds: float, made: Attributes) -> None:
        """The span of an attempt that has just been answered."""
        now = time_ns()
        before = _TOKEN.set(token)
        try:
            span = self._tracer.start_span(
                "send",
                ALONE,
                links=[Link(_read(origin))] if origin else [],
                attributes=_without_none(made),
                start_time=now - int(seconds * 1e9),
            )
        finally:
            _TOKEN.reset(before)
        span.end(now)

    def origin_of(self, token: UUID) -> str:
        """The traceparent of an attempt's span."""
        return _write(_context_of(token))

    def close(self) -> None:
        """Send what has not been sent; a collector that is away keeps no process from ending."""
        ending = Thread(target=self._provider.shutdown, name="spans", daemon=True)
        ending.start()
        ending.join(PATIENCE)


def make_spans(process: str) -> Spans:
    """Spans that are sent to the endpoint, from a thread of their own."""
    return Spans(process, BatchSpanProcessor(OTLPSpanExporter()))


def _context_of(token: UUID) -> SpanContext:
    """By a hash: a token itself is known to us and the provider alone."""
    digest = sha256(b"outreach attempt" + token.bytes).hexdigest()
    return _read(f"00-{digest[:32]}-{digest[32:48]}-01")


def _read(traceparent: str) -> SpanContext:
    _, trace, span, flags = traceparent.split("-")
    return SpanContext(int(trace, 16), int(span, 16), True, TraceFlags(int(flags, 16)))


def _write(context: SpanContext) -> str:
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"


def _without_none(attributes: Attributes) -> dict[str, str | int | float]:
    return {name: value for name, value in attributes.items() if value is not None}
