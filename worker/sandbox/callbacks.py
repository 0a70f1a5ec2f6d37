"""Posting what happened, signed and repeated as the providers do."""

import asyncio
import base64
import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urldefrag

import aiohttp
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

from worker.sandbox.keys import load_private_key
from worker.sandbox.ledger import Ledger
from worker.sandbox.options import Options

BATCH_SECONDS = 0.05
"""How long events wait for company before they are posted together."""
EVENT_RETRIES = 8
FIRST_PAUSE = 0.2
OPT_OUTS = {"unsubscribe", "group_unsubscribe", "spamreport"}


class Poster:
    """Everything that goes out, over one session."""

    def __init__(self, options: Options, ledger: Ledger) -> None:
        self._options = options
        self._ledger = ledger
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=15))
        self._key = (
            load_private_key(options.webhook_private_key) if options.webhook_private_key else None
        )
        self._events: list[dict[str, Any]] = []
        self._tasks: set[asyncio.Task[None]] = set()

    def spawn(self, work: Any) -> None:  # noqa: ANN401  any coroutine
        """Run something in the background, and keep it from being collected."""
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def post_form(self, callback: str, form: Mapping[str, str]) -> None:
        """One status callback; repeated as its fragment asks (`#rc=3&rp=ct,rt,5xx`)."""
        url, fragment = urldefrag(callback)
        wishes = parse_qs(fragment)
        retries = int(wishes.get("rc", ["1"])[0])
        on_errors = "5xx" in wishes.get("rp", [""])[0].split(",")
        signature = twilio_signature(self._options.auth_token, url, form)
        for attempt in range(retries + 1):
            status = await self._send(url, form, {"X-Twilio-Signature": signature})
            if status is not None and not (on_errors and status >= 500):
                return
            await asyncio.sleep(FIRST_PAUSE * 2**attempt)

    async def post_inbound(self, url: str, form: Mapping[str, str]) -> int | None:
        """Post somebody's answer to a text, once; the status of the webhook's answer."""
        signature = twilio_signature(self._options.auth_token, url, form)
        status = await self._send(url, form, {"X-Twilio-Signature": signature})
        if status is not None and status < 300:
            self._ledger.note_opt_out("message", form["From"], form["Body"])
        return status

    def post_event(self, event: dict[str, Any]) -> None:
        """Add one event to the next posting of SendGrid's webhook."""
        self._events.append(event)
        if len(self._events) == 1:
            asyncio.get_running_loop().call_later(BATCH_SECONDS, self._flush)

    async def close(self) -> None:
        """Stop posting."""
        for task in list(self._tasks):
            task.cancel()
        await self._session.close()

    def _flush(self) -> None:
        events, self._events = self._events, []
        self.spawn(self._post_events(events))

    async def _post_events(self, events: list[dict[str, Any]]) -> None:
        if not self._options.webhook_url or self._key is None:
            return
        body = json.dumps(events).encode() + b"\r\n"
        for attempt in range(EVENT_RETRIES):
            timestamp = str(int(time.time()))
            signed = self._key.sign(timestamp.encode() + body, ec.ECDSA(SHA256()))
            headers = {
                "Content-Type": "application/json",
                "X-Twilio-Email-Event-Webhook-Signature": base64.b64encode(signed).decode(),
                "X-Twilio-Email-Event-Webhook-Timestamp": timestamp,
            }
            status = await self._send(self._options.webhook_url, body, headers)
            if status is not None and status < 300:
                self._note_opt_outs(events)
                return
            await asyncio.sleep(FIRST_PAUSE * 2**attempt)

    def _note_opt_outs(self, events: list[dict[str, Any]]) -> None:
        for event in events:
            if event["event"] in OPT_OUTS:
                self._ledger.note_opt_out("mail", event["email"], event["event"])

    async def _send(
        self, url: str, data: Mapping[str, str] | bytes, headers: Mapping[str, str]
    ) -> int | None:
        try:
            async with self._session.post(url, data=data, headers=headers) as answer:
                return answer.status
        except (aiohttp.ClientError, TimeoutError):
            return None


def twilio_signature(auth_token: str, url: str, form: Mapping[str, str]) -> str:
    """Base64 of HMAC-SHA1 over the address and the sorted parameters.

    Source: https://www.twilio.com/docs/usage/webhooks/webhooks-security
    """
    signed = url + "".join(name + form[name] for name in sorted(form))
    digest = hmac.new(auth_token.encode(), signed.encode(), hashlib.sha1).digest()
    return base64.b64encode(digest).decode()
