"""One click to be left alone (RFC 8058). Only POST acts: mail scanners open every link they find."""

from dataclasses import dataclass
from uuid import UUID

import structlog
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response

from worker.desk.opt_outs import unsubscribe_by_link
from worker.dispatch.data_loss import prove_by_reports
from worker.domain.evidence.reports import Report
from worker.providers.email import unsubscribe_report
from worker.runtime import Runtime
from worker.web.group_commit import GroupCommit
from worker.web.signed import written_mark

log = structlog.get_logger()

PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Unsubscribe</title>
<body style="font: 1rem/1.5 sans-serif; max-width: 32rem; margin: 4rem auto; padding: 0 1rem">
<h1>Unsubscribe</h1>
<p>You will get no more mail from this sender.</p>
<form method="post"><button style="font: inherit; padding: .5rem 1rem">Unsubscribe</button></form>
"""
LATER = "Please try again in a minute.\n"
# The address of the page is a secret of its recipient.
HEADERS = {"Referrer-Policy": "no-referrer", "Cache-Control": "no-store"}


@dataclass(frozen=True, slots=True)
class Unsubscribe:
    """The handlers, with the runtime they work on."""

    runtime: Runtime
    group_commit: GroupCommit

    async def page(self, request: Request) -> Response:  # noqa: ARG002  the same for everybody
        """GET: a page with a button; it changes nothing."""
        return HTMLResponse(PAGE, headers=HEADERS)

    async def act(self, request: Request) -> Response:
        """POST, by the page's button or by the reader's mail program: suppressed once this is 200."""
        token: UUID = request.path_params["token"]
        report = unsubscribe_report(token, written_mark(request))
        try:
            who = await run_in_threadpool(unsubscribe_by_link, self.runtime.engine, token)
            if who is None:
                return await self._unknown(report)
            if not who.archived:  # a click proves that the mail was delivered
                await self.group_commit.post([report])
        except Exception as error:  # noqa: BLE001  a door: whoever asks is told to ask again
            log.warning("unsubscribing_failed", error=type(error).__name__)
            return PlainTextResponse(LATER, status_code=503)
        return PlainTextResponse("You are unsubscribed.\n", headers=HEADERS)

    async def _unknown(self, report: Report) -> Response:
        """A link of ours that the database has forgotten is to be tried again, when it has been mended."""
        runtime = self.runtime
        if await run_in_threadpool(prove_by_reports, runtime.engine, runtime.mark_keys, [report]):
            return PlainTextResponse(LATER, status_code=503)
        return PlainTextResponse("This link is not known.\n", status_code=404)
