"""What people answer to a text: STOP is heard before this is 200; their words are kept nowhere."""

from collections import Counter
from dataclasses import dataclass

import structlog
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from worker.desk.opt_outs import hear_stop
from worker.domain.opt_out_words import Wish, read_wish
from worker.runtime import Runtime
from worker.web.signed import Unread, read_signed_form

log = structlog.get_logger()

# Nothing is answered: Twilio itself answers the keywords, and a second answer would be one text too many.
NO_ANSWER = "<?xml version='1.0' encoding='UTF-8'?><Response/>"


@dataclass(frozen=True, slots=True)
class Inbound:
    """The handler, with the runtime it works on."""

    runtime: Runtime
    refusals: Counter[str]

    async def sms(self, request: Request) -> Response:
        """POST /callbacks/sms/inbound: Twilio's webhook for incoming messages.

        https://www.twilio.com/docs/messaging/guides/webhook-request
        """
        form = await read_signed_form(request, self.runtime.settings)
        if isinstance(form, Unread):
            self.refusals[form.why] += 1
            log.warning("callback_refused", route="inbound", why=form.why)
            return Response(status_code=form.status)
        wish = read_wish(form.get("Body", ""), form.get("OptOutType", ""))
        try:
            if wish is Wish.STOP:
                # A NUL, which no column takes, must not keep anybody's STOP out.
                number, sid = (
                    form.get(name, "").replace("\0", "") for name in ("From", "MessageSid")
                )
                await run_in_threadpool(hear_stop, self.runtime.engine, number, sid)
        except Exception as error:  # noqa: BLE001  a door: what is not durable must come again
            self.refusals["store_unavailable"] += 1
            log.warning("callback_deferred", reports=1, error=type(error).__name__)
            return Response(status_code=503)
        log.info("text_received", wish=wish.value)
        return Response(NO_ANSWER, media_type="text/xml")
