"""The bell that tells of an incident: receivers of signed webhooks, mailboxes and chats."""

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from uuid import NAMESPACE_URL, uuid5

import orjson
import structlog

from worker.desk.watchdog import told_as
from worker.domain.alerts.incidents import Incident
from worker.domain.contract.webhooks import signature
from worker.providers import notices
from worker.providers.webhook_client import WebhookClient

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class AlarmBell:
    """The receivers to tell.

    `webhook`: an address that is posted to, signed with `secrets`, or None; `addresses`: of apprise, as
    `mailto://` or `slack://`, or none.
    """

    webhook: str | None
    secrets: Sequence[bytes]
    addresses: Sequence[str]
    timeout: float
    allow_private: bool

    def ring(self, one: Incident) -> bool:
        """Tell all who have not taken it. Returns whether every one has; else it is to be told again."""
        for name, told in self._all(one):
            if name not in one.took and told():
                one.took.append(name)
        if missing := [name for name, _ in self._all(one) if name not in one.took]:
            log.warning("alarm_not_taken", alert=one.rule, by=missing)
        return not missing

    def _all(self, one: Incident) -> Iterator[tuple[str, Callable[[], bool]]]:
        """Everybody, by a name that shows no address."""
        if self.webhook is not None:
            yield "webhook", lambda: self._post(one)
        for place, address in enumerate(self.addresses, 1):
            yield f"address {place}", partial(self._notify, one, address)

    def _notify(self, one: Incident, address: str) -> bool:
        over = one.over_at is not None
        title = f"{'over' if over else one.severity}: {one.rule}"
        body = one.sentence if over else f"{one.sentence}. What to do: {one.runbook}"
        return notices.tell(address, title, body, bad=not over)

    def _post(self, one: Incident) -> bool:
        body = orjson.dumps(told_as(one))
        # The same news has the same id, however often it is tried.
        event = f"msg_{uuid5(NAMESPACE_URL, f'{one.key}/{one.since}/{one.over_at}').hex}"
        moment = int(time.time())
        headers = {
            "content-type": "application/json",
            "webhook-id": event,
            "webhook-timestamp": str(moment),
            "webhook-signature": signature(self.secrets, event, moment, body),
        }
        return asyncio.run(self._post_once(body, headers))

    async def _post_once(self, body: bytes, headers: dict[str, str]) -> bool:
        assert self.webhook is not None
        client = WebhookClient(timeout=self.timeout, allow_private=self.allow_private)
        try:
            return (await client.post(self.webhook, body, headers)).delivered
        finally:
            await client.close()
