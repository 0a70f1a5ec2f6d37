"""Traces: spans made by hand at each step, for whoever collects them with OpenTelemetry.

A batch is hours long and passes through many processes, so its spans are no tree. Each stands alone and is
linked to where its batch came from: the `traceparent` of the message or the call that created it, which is
kept with the batch. What is heard of an attempt is linked to the span of its sending, whose ids are a hash
of the attempt's token: nobody has to look them up.

Off until OTEL_EXPORTER_OTLP_ENDPOINT is set; then OpenTelemetry is not even imported.
"""

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from typing import Protocol
from uuid import UUID

import structlog

log = structlog.get_logger()

ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
"""Environment variable: where spans are sent; the SDK reads it, as every other that begins with OTEL_."""
SHAPE = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")

Attributes = Mapping[str, str | int | float | None]
_OFF: AbstractContextManager[None] = nullcontext()
_ORIGIN: ContextVar[str | None] = ContextVar("origin", default=None)


class SpanMaker(Protocol):
    """Makes spans and sends them; nothing that is personal is in an attribute."""

    def span(
        self, name: str, origins: Iterable[str], attributes: Attributes, *, is_child: bool
    ) -> AbstractContextManager[str | None]:
        """A span for as long as the block lasts; yields its own traceparent."""

    def attempt(self, token: UUID, origin: str | None, seconds: float, made: Attributes) -> None:
        """The span of an attempt that has just been answered."""

    def origin_of(self, token: UUID) -> str:
        """The traceparent of an attempt's span."""

    def close(self) -> None:
        """Send what has not been sent."""


class Traces:
    """The traces of this process. Whoever makes an expensive span asks first whether they are `on`."""

    def __init__(self) -> None:
        self.maker: SpanMaker | None = None

    @property
    def on(self) -> bool:
        """Return whether anybody collects them."""
        return self.maker is not None

    def begin(self, process: str) -> None:
        """From now on spans are sent, where an endpoint is set; without traces the work goes on."""
        if not os.environ.get(ENDPOINT):
            return
        try:
            from worker.spans import make_spans  # noqa: PLC0415  hundreds of modules

            self.maker = make_spans(process)
        except Exception as error:  # noqa: BLE001  its variables are the SDK's to judge
            log.error("traces_off", error=type(error).__name__)

    def end(self) -> None:
        """Send what has not been sent, and make no more."""
        maker, self.maker = self.maker, None
        if maker is not None:
            maker.close()

    def span(
        self, name: str, origins: Iterable[str | None] = (), **attributes: str | float | None
    ) -> AbstractContextManager[str | None]:
        """A step of batches, linked to where they came from."""
        if self.maker is None:
            return _OFF
        return self.maker.span(name, filter(None, origins), attributes, is_child=False)

    def heard(
        self, name: str, tokens: Iterable[UUID], **attributes: str | float | None
    ) -> AbstractContextManager[str | None]:
        """A step that speaks of attempts: linked to each."""
        if self.maker is None:
            return _OFF
        origins = map(self.maker.origin_of, tokens)
        return self.maker.span(name, origins, attributes, is_child=False)

    @contextmanager
    def ingest(self, traceparent: object, **attributes: str | float | None) -> Iterator[None]:
        """What comes in while the block lasts came from there; else from the span of its coming in."""
        given = read_traceparent(traceparent)
        with (
            _OFF
            if self.maker is None
            else self.maker.span("ingest", [given] if given else [], attributes, is_child=True)
        ) as own:
            before = _ORIGIN.set(given or own)
            try:
                yield
            finally:
                _ORIGIN.reset(before)


TRACES = Traces()
"""This process's."""


def origin() -> str | None:
    """The traceparent of what comes in now."""
    return _ORIGIN.get()


def read_traceparent(written: object) -> str | None:
    """A traceparent of W3C's version 00; None for everything else: a stranger wrote it."""
    return written if isinstance(written, str) and SHAPE.fullmatch(written) else None
