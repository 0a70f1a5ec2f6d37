"""Questions to the sandbox, and switches on it: plain JSON on loopback."""

import time
from dataclasses import asdict

from aiohttp import web

from worker.sandbox.callbacks import Poster
from worker.sandbox.calls import Calls
from worker.sandbox.ledger import Ledger
from worker.sandbox.messages import Messages
from worker.sandbox.options import CHANGEABLE, Options
from worker.sandbox.smtp import SmtpEndpoint
from worker.sandbox.twilio_wire import new_sid


class Control:
    """The handlers under /sandbox."""

    def __init__(
        self,
        options: Options,
        ledger: Ledger,
        calls: Calls,
        messages: Messages,
        poster: Poster,
        mail_server: SmtpEndpoint | None,
    ) -> None:
        self._options = options
        self._ledger = ledger
        self._calls = calls
        self._messages = messages
        self._poster = poster
        self._mail_server = mail_server

    async def summary(self, _: web.Request) -> web.Response:
        """GET /sandbox/summary: the figures."""
        carriers = {"carriers": self._messages.carriers.summary()}
        return web.json_response(self._ledger.summary() | carriers)

    async def ledger(self, _: web.Request) -> web.Response:
        """GET /sandbox/ledger: every accepted contact."""
        return web.json_response(self._ledger.entries())

    async def answers(self, _: web.Request) -> web.Response:
        """GET /sandbox/answers: how requests to contact somebody were answered, and how often."""
        return web.json_response(self._ledger.list_answers())

    async def contents(self, request: web.Request) -> web.Response:
        """GET /sandbox/contents?token=…: what was said to whom."""
        token = request.query.get("token")
        chosen = [one for one in self._ledger.contacts if token in {None, one.token}]
        return web.json_response([asdict(one) for one in chosen])

    async def opt_outs(self, _: web.Request) -> web.Response:
        """GET /sandbox/opt-outs: who said stop, since when the other side has been told."""
        return web.json_response(self._ledger.opt_outs)

    async def inbound(self, request: web.Request) -> web.Response:
        """POST /sandbox/inbound: somebody answers a text; {"url", "from", "to", "body", "sid"?, "at"?}.

        `at` is when they wrote it, in seconds since 1970; now, unless it says.
        """
        said = await request.json()
        form = {
            "MessageSid": said.get("sid") or new_sid("SM"),
            "AccountSid": self._options.account_sid,
            "From": said["from"],
            "To": said["to"],
            "Body": said["body"],
            "SmsStatus": "received",
            "NumMedia": "0",
            "NumSegments": "1",
        }
        if form["Body"].strip().upper() in {"STOP", "START", "HELP"}:
            form["OptOutType"] = form["Body"].strip().upper()
        self._messages.receive(form, float(said.get("at") or time.time()))
        status = await self._poster.post_inbound(said["url"], form)
        return web.json_response({"status": status})

    async def posts(self, request: web.Request) -> web.Response:
        """GET /sandbox/posts?since=…&from=…: create requests received after a time, by a sender."""
        since, source = float(request.query.get("since", 0)), request.query.get("from")
        chosen = (at > since and source in {None, one} for at, one in self._ledger.posts)
        return web.json_response({"posts": sum(chosen)})

    async def settings(self, request: web.Request) -> web.Response:
        """POST /sandbox/settings: change how it behaves from now on."""
        changes = await request.json()
        unknown = sorted(set(changes) - set(CHANGEABLE))
        if unknown:
            return web.json_response({"error": f"unknown setting: {unknown[0]}"}, status=400)
        for name, value in changes.items():
            setattr(self._options, name, value)
        return web.json_response({name: getattr(self._options, name) for name in CHANGEABLE})

    async def reset(self, _: web.Request) -> web.Response:
        """POST /sandbox/reset: forget everything."""
        self._ledger.contacts.clear()
        self._ledger.posts.clear()
        self._ledger.faults.clear()
        self._ledger.answers.clear()
        self._ledger.opt_outs.clear()
        self._calls.reset()
        self._messages.reset()
        if self._mail_server:
            self._mail_server.reset()
        return web.json_response({})
