"""Calls that come in, and keys that are pressed during a call of ours: told or heard before the answer."""

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

import structlog
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from worker.desk.opt_outs import opt_out_by_key
from worker.desk.replies import ReplyKind, tell_call_back, tell_reply
from worker.desk.tallies import add_tallies
from worker.dispatch.data_loss import prove_by_reports
from worker.domain.consent.authors import UnreadAuthor
from worker.domain.consent.pressed_keys import KeyWish, read_keys
from worker.domain.evidence.reports import Report
from worker.providers.voice import pressed_report
from worker.runtime import Runtime
from worker.web.signed import UnreadableForm, read_signed_form, written_mark

log = structlog.get_logger()

HEAD = "<?xml version='1.0' encoding='UTF-8'?>"
REJECTED = f"{HEAD}<Response><Reject/></Response>"
"""Nobody here answers: it costs nothing, and the caller hears that it did not go through."""
OVER = f"{HEAD}<Response><Hangup/></Response>"


class ForgottenCall(Exception):
    """The call was ours, and the database does not know it."""


@dataclass(frozen=True, slots=True)
class CallsIn:
    """The handlers, with the runtime they work on."""

    runtime: Runtime
    refusals: Counter[str]

    async def call(self, request: Request) -> Response:
        """POST /callbacks/voice/inbound: Twilio's webhook for incoming calls, which nobody here answers.

        https://www.twilio.com/docs/usage/webhooks/voice-webhooks#incoming-voice-call
        """
        form = await read_signed_form(request, self.runtime)
        if isinstance(form, UnreadableForm):
            return self._refuse("voice/inbound", form)
        said = {name: form.get(name, "").replace("\0", "") for name in ("From", "To", "CallSid")}
        return await self._answer(partial(self._tell, said), "call:inbound", REJECTED)

    async def pressed(self, request: Request) -> Response:
        """POST /callbacks/voice/{token}/pressed/{keys}: what a `<Gather>` of ours has gathered."""
        form = await read_signed_form(request, self.runtime)
        if isinstance(form, UnreadableForm):
            return self._refuse("voice/pressed", form)
        wish = (read_keys(request.path_params["keys"]) or {}).get(form.get("Digits", ""))
        if wish is None:
            return Response(OVER, media_type="text/xml")
        report = pressed_report(request.path_params["token"], written_mark(request))
        sid = form.get("CallSid", "").replace("\0", "")
        return await self._answer(partial(self._hear, wish, report, sid), f"key:{wish}", OVER)

    async def _answer(self, act: Callable[[], object], counted: str, said: str) -> Response:
        try:
            await run_in_threadpool(act)
            await run_in_threadpool(add_tallies, self.runtime.engine, {counted: 1})
        except Exception as error:  # noqa: BLE001  a door: what is not durable must come again
            self.refusals["store_unavailable"] += 1
            log.warning("callback_deferred", reports=1, error=type(error).__name__)
            return Response(status_code=503)
        return Response(said, media_type="text/xml")

    def _tell(self, said: dict[str, str]) -> None:
        """Tell the campaign; whoever hides the number, or was not called by us, answers nobody."""
        with suppress(UnreadAuthor):
            told = self.runtime.engine, ReplyKind.CALL, said["From"], [said["To"]], said["CallSid"]
            tell_reply(*told)

    def _hear(self, wish: KeyWish, report: Report, sid: str) -> None:
        """Hear it; a call of ours that the database has forgotten must be told again.

        Raises:
            ForgottenCall: it was one, as its mark proves.
        """
        runtime = self.runtime
        assert report.token is not None
        if wish is KeyWish.CALL_BACK:
            tell_call_back(runtime.engine, report.token, sid)
        elif not opt_out_by_key(runtime.engine, report.token, sid) and prove_by_reports(
            runtime.engine, runtime.mark_keys, [report]
        ):
            raise ForgottenCall

    def _refuse(self, route: str, form: UnreadableForm) -> Response:
        self.refusals[form.why] += 1
        log.warning("callback_refused", route=route, why=form.why)
        return Response(status_code=form.status)
