"""Callbacks of the providers: verified, applied and committed before the answer is 2xx."""

import re
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from json import dumps
from typing import TypedDict
from uuid import UUID

import structlog
from anyio import CapacityLimiter, to_thread
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from config.accounts import SendGridKeys
from worker.desk.sessions import record_by_token
from worker.domain.content.voicemail import OnMachine
from worker.domain.evidence.reports import Report
from worker.domain.statuses import ChannelStatus
from worker.providers import email, sms, voice
from worker.providers.answered_by import read_answered_by
from worker.providers.email import Events
from worker.providers.signatures import sendgrid_signature_holds
from worker.runtime import Runtime
from worker.tracing import TRACES
from worker.web.bodies import LARGE, Pace, read_body
from worker.web.group_commit import GroupCommit
from worker.web.signed import UnreadableForm, read_signed_form, written_mark

log = structlog.get_logger()

MAX_EVENTS = 2 * 1024 * 1024
HANG_UPS = 8

# Large deliveries are read beside the event loop, one after the other, and only so many are under way:
# whoever brings one more brings it again later, and nobody with a single event waits.
LARGE_AT_ONCE = 16

Reader = Callable[[Mapping[str, str], UUID, str], Report | None]


class Sessions(TypedDict):
    """The conversation's id in the system that holds it."""

    session_id: int | None
    conversation_id: int | None


NOBODY: Mapping[UUID, Sessions] = {}


def read_sessions(params: Mapping[str, str]) -> Sessions | None:
    """The ids that an answering application adds to a signed callback; None where it adds none."""
    session, conversation = (
        int(written) if re.fullmatch(r"[1-9][0-9]{0,17}", written) else None
        for written in (params.get("session_id", ""), params.get("conversation_id", ""))
    )
    if session is None and conversation is None:
        return None
    return Sessions(session_id=session, conversation_id=conversation)


@dataclass(frozen=True, slots=True)
class Callbacks:
    """The handlers, with the runtime they work on."""

    runtime: Runtime
    group_commit: GroupCommit
    hang_up: Callable[[str], object]
    """Ends a call by its sid; may block, must not raise."""
    keep: Callable[[str, Sequence[str]], object]
    """Keeps what can't be read, by its route, whole and for good, or raises."""
    hanging_up: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(HANG_UPS))
    """Threads of their own: a provider that is slow to end calls must not keep callbacks waiting."""
    reading: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(1))
    """The thread on which large deliveries are read."""
    pace: Pace = field(default_factory=Pace)
    large: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(LARGE_AT_ONCE))
    """Places for large deliveries, from their reading to their answer."""
    refusals: Counter[str] = field(default_factory=Counter)
    """How many callbacks this process turned away since it started, by reason."""

    async def voice(self, request: Request) -> Response:
        """POST /callbacks/voice/{token}: a call's progress."""
        return await self._twilio(request, voice.read_callback)

    async def answered_by(self, request: Request) -> Response:
        """POST /callbacks/voice/{token}/answered-by/{on_machine}: a person or a machine."""
        written = request.path_params["on_machine"]
        if written not in list(OnMachine):
            return self._refuse(request, 404, "unreadable")
        policy = OnMachine(written)

        def read(params: Mapping[str, str], token: UUID, mark: str) -> Report | None:
            return read_answered_by(params, token, policy, mark)

        return await self._twilio(request, read, hangs_up=policy is OnMachine.HANG_UP)

    async def sms(self, request: Request) -> Response:
        """POST /callbacks/sms/{token}: a message's progress."""
        return await self._twilio(request, sms.read_callback)

    async def email(self, request: Request) -> Response:
        """POST /callbacks/email: SendGrid's event webhook."""
        body = await read_body(request, MAX_EVENTS, self.pace)
        if body is None:
            return self._refuse(request, 413, "too_large")
        if len(body) <= LARGE:
            events = self._read_events(request, body)
        elif self.large.available_tokens:
            return await self._take_large(request, body)
        else:
            return self._refuse(request, 503, "too_many")
        return await self._take_in_events(request, events)

    async def _take_large(self, request: Request, body: bytes) -> Response:
        async with self.large:
            events = await to_thread.run_sync(
                self._read_events, request, body, limiter=self.reading
            )
            return await self._take_in_events(request, events)

    def _read_events(self, request: Request, body: bytes) -> Events | None:
        """None: SendGrid did not sign them."""
        holds = sendgrid_signature_holds(
            body,
            request.headers.get("x-twilio-email-event-webhook-signature"),
            request.headers.get("x-twilio-email-event-webhook-timestamp"),
            _webhook_keys(self.runtime),
            time.time(),
        )
        return email.read_events(body) if holds else None

    async def _take_in_events(self, request: Request, events: Events | None) -> Response:
        if events is None:
            return self._refuse(request, 403, "signature")
        return await self._take_in(events, unread=events.unread, route="email")

    async def _twilio(self, request: Request, read: Reader, *, hangs_up: bool = False) -> Response:
        params = await read_signed_form(request, self.runtime)
        if isinstance(params, UnreadableForm):
            return self._refuse(request, params.status, params.why)
        token = request.path_params["token"]
        report, names = read(params, token, written_mark(request)), read_sessions(params)
        route = request.scope["path"].split("/")[2]
        answer = await self._take_in(
            [report] if report else [],
            {token: names} if names else {},
            unread=[] if report else [dumps({"token": str(token)} | params)],
            route=route,
        )
        if hangs_up and report and report.channel_status is ChannelStatus.MACHINE:
            self._hang_up_after(answer, report)
        return answer

    def _hang_up_after(self, answer: Response, report: Report) -> None:
        """Once the word of the machine is committed, and Twilio has been told so."""
        if answer.status_code == 204 and report.sid:
            ending = partial(to_thread.run_sync, self.hang_up, report.sid, limiter=self.hanging_up)
            answer.background = BackgroundTask(ending)

    async def _take_in(
        self,
        reports: Sequence[Report],
        sessions: Mapping[UUID, Sessions] = NOBODY,
        *,
        unread: Sequence[str],
        route: str,
    ) -> Response:
        """2xx once all of it is durable: what can be read as reports, the rest as dead letters."""
        if unread:
            self.refusals["unreadable"] += len(unread)
            log.warning("callback_unreadable", route=route, count=len(unread))
        try:
            if reports:
                tokens = (one.token for one in reports if one.token)
                with TRACES.heard("callback", tokens, route=route, reports=len(reports)):
                    await self.group_commit.post(reports)
            if unread:
                await run_in_threadpool(self.keep, route, unread)
            for token, names in sessions.items():
                engine = self.runtime.engine
                await run_in_threadpool(record_by_token, engine, token, **names)
        except Exception as error:  # noqa: BLE001  a door: what is not durable must come again
            self.refusals["store_unavailable"] += 1
            log.warning("callback_deferred", reports=len(reports), error=type(error).__name__)
            return Response(status_code=503)
        return Response(status_code=204)

    def _refuse(self, request: Request, status: int, why: str) -> Response:
        self.refusals[why] += 1
        log.warning("callback_refused", route=request.scope["path"].split("/")[2], why=why)
        return Response(status_code=status)


def _webhook_keys(runtime: Runtime) -> list[str]:
    beside = runtime.account_book.current().values()
    written = [keys.webhook_key for keys in beside if isinstance(keys, SendGridKeys)]
    every = ",".join([runtime.settings.sendgrid_webhook_key, *written])
    return [key.strip() for key in every.split(",")]
