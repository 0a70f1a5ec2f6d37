"""Twilio's numbers: those of the account, and those it may show as the caller.

Source: https://www.twilio.com/docs/phone-numbers/api/incomingphonenumber-resource
"""

from typing import Any

from aiohttp import web

from worker.sandbox.options import Options
from worker.sandbox.twilio_wire import authenticate


class Numbers:
    """The resources: the account has whatever number is asked for, unless its senders are unusable."""

    def __init__(self, options: Options) -> None:
        self._options = options

    async def incoming(self, request: web.Request) -> web.Response:
        """GET …/IncomingPhoneNumbers.json?PhoneNumber=…."""
        authenticate(request, self._options)
        number = request.query.get("PhoneNumber")
        has_it = number is not None and not self._options.unusable_sender
        found = [{"phone_number": number, "sms_url": self._options.texts_to}] if has_it else []
        return _page("incoming_phone_numbers", found)

    async def callers(self, request: web.Request) -> web.Response:
        """GET …/OutgoingCallerIds.json?PhoneNumber=…: none."""
        authenticate(request, self._options)
        return _page("outgoing_caller_ids", [])


def _page(name: str, found: list[dict[str, Any]]) -> web.Response:
    return web.json_response({name: found, "page": 0, "page_size": 50, "next_page_uri": None})
