"""Answers to a text: heard or told before this is 200; their words are kept nowhere."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from json import dumps

import structlog
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from worker.desk.opt_outs import hear_start, hear_stop
from worker.desk.replies import ReplyKind, tell_reply
from worker.desk.tallies import add_tallies
from worker.domain.consent.authors import UnreadAuthor
from worker.domain.consent.opt_out_words import Wish, read_wish
from worker.runtime import Runtime
from worker.web.signed import UnreadableForm, read_signed_form

log = structlog.get_logger()

# Nothing is answered: Twilio itself answers the keywords, and a second answer would be one text too many.
NO_ANSWER = "<?xml version='1.0' encoding='UTF-8'?><Response/>"

ROUTE = "sms/inbound"
HEARD = {Wish.STOP: hear_stop, Wish.START: hear_start}
KEPT = ("From", "To", "MessageSid", "MessagingServiceSid", "OptOutType")


@dataclass(frozen=True, slots=True)
class Inbound:
    """The handler, with the runtime it works on."""

    runtime: Runtime
    keep: Callable[[str, Sequence[str]], object]
    """Keeps what can't be read, by its route, whole and for good, or raises."""
    refusals: Counter[str]

    async def sms(self, request: Request) -> Response:
        """POST /callbacks/sms/inbound: Twilio's webhook for incoming messages.

        https://www.twilio.com/docs/messaging/guides/webhook-request
        """
        form = await read_signed_form(request, self.runtime)
        if isinstance(form, UnreadableForm):
            self.refusals[form.why] += 1
            log.warning("callback_refused", route=ROUTE, why=form.why)
            return Response(status_code=form.status)
        wish = read_wish(form.get("Body", ""), form.get("OptOutType", ""))
        try:
            # A NUL, which no column takes, must not keep anybody's STOP out.
            said = {name: form.get(name, "").replace("\0", "") for name in KEPT}
            if wish in HEARD:
                await run_in_threadpool(self._hear, wish, said)
            elif wish is Wish.NOTHING:
                await run_in_threadpool(self._tell, said)
            await run_in_threadpool(add_tallies, self.runtime.engine, {f"text:{wish}": 1})
        except Exception as error:  # noqa: BLE001  a door: what is not durable must come again
            self.refusals["store_unavailable"] += 1
            log.warning("callback_deferred", reports=1, error=type(error).__name__)
            return Response(status_code=503)
        log.info("text_received", wish=wish.value)
        return Response(NO_ANSWER, media_type="text/xml")

    def _hear(self, wish: Wish, said: Mapping[str, str]) -> None:
        """One whose writer can't be read is kept for an operator, without its words."""
        try:
            HEARD[wish](self.runtime.engine, said["From"], said["MessageSid"])
        except UnreadAuthor:
            self.refusals["unreadable"] += 1
            log.warning("callback_unreadable", route=ROUTE, count=1)
            self.keep(ROUTE, [dumps({"wish": wish, **said})])

    def _tell(self, said: Mapping[str, str]) -> None:
        """Tell the campaign; an author we can't read was not texted by us, and answers nobody."""
        senders = (said["To"], said["MessagingServiceSid"])
        with suppress(UnreadAuthor):
            told = self.runtime.engine, ReplyKind.TEXT, said["From"], senders, said["MessageSid"]
            tell_reply(*told)
