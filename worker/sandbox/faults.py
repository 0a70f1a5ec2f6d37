"""Breaking answers on purpose: the first answer to an address is broken, later ones are whole."""

import asyncio
from collections.abc import Callable, Iterable
from functools import partial
from itertools import cycle

from aiohttp import web

from worker.sandbox.ledger import Ledger
from worker.sandbox.options import Options
from worker.sandbox.scenarios import FAULTS

BROKEN = "broken"
"""Whether what a request is answered with can't be read, as it says of itself."""
UNREADABLE = {"accepted-then-timeout", "timeout", "cut-accepted", "cut", "truncated", "garbage"}
"""Faults whose answer is none."""
HANG_SECONDS = 120
EARLY_SECONDS = 0.3

OUTAGE = ("unavailable", "timeout", "cut", "cut-accepted", "error-accepted", "throttled", "refused")
"""How it answers while it is down, by turns: two of these accept, and two say that they don't."""

Accept = Callable[[], web.Response]


class Faults:
    """The faults to answer with, by request; while it is down, by turns, whomever it is about."""

    def __init__(self, options: Options, ledger: Ledger) -> None:
        self._options = options
        self._ledger = ledger
        self._fired: set[str] = set()
        self._turns = cycle(OUTAGE)

    def due(self, people: Iterable[tuple[str | None, str]]) -> tuple[str | None, str]:
        """The fault that answers a request to these (tag, mailbox): the first that has not fired yet."""
        for tag, mailbox in people:
            if tag in FAULTS and mailbox not in self._fired:
                return tag, mailbox
        return None, ""

    async def answer(
        self, request: web.Request, fault: str | None, address: str, accept: Accept
    ) -> web.Response:
        """Answer, broken as the address asks; `accept` writes the contact down and answers whole."""
        if self._options.latency_ms:
            await asyncio.sleep(self._options.latency_ms / 1000)
        accept = partial(self._accept_noting_who_left, request, accept)
        if self._options.is_down:
            return await self._answer_while_down(request, accept)
        if fault is None or address in self._fired:
            return accept()
        self._fired.add(address)
        self._ledger.faults[fault] += 1
        return await self._answer_broken(request, fault, accept)

    async def _answer_broken(
        self, request: web.Request, fault: str, accept: Accept
    ) -> web.Response:
        match fault:
            case "throttled":
                return _too_many()
            case "slow" | "early":
                answer = accept()
                seconds = self._options.slow_seconds if fault == "slow" else EARLY_SECONDS
                await asyncio.sleep(seconds)
                return answer
            case "redirect":
                raise web.HTTPFound("/elsewhere")
            case "error":
                return web.Response(status=500, text="Internal Server Error")
            case _:
                return await self._break(request, fault, accept)

    async def _answer_while_down(self, request: web.Request, accept: Accept) -> web.Response:
        fault = next(self._turns)
        self._ledger.faults[f"down-{fault}"] += 1
        match fault:
            case "unavailable":
                return web.Response(status=503, text="Service Unavailable")
            case "throttled":
                return _too_many()
            case "refused":
                body = {"code": 20005, "message": "Account not active", "status": 403}
                return (
                    _too_many() if "/v3/" in request.path else web.json_response(body, status=403)
                )
            case _:
                return await self._break(request, fault, accept)

    def _accept_noting_who_left(self, request: web.Request, accept: Accept) -> web.Response:
        known = len(self._ledger.contacts)
        answer = accept()
        if request.transport is None or request.transport.is_closing():
            for contact in self._ledger.contacts[known:]:
                contact.abandoned = True
        return answer

    async def _break(self, request: web.Request, fault: str, accept: Accept) -> web.Response:
        answer = web.Response()
        if fault not in {"timeout", "cut"}:
            answer = accept()
        request[BROKEN] = fault in UNREADABLE
        match fault:
            case "accepted-then-timeout" | "timeout":
                await _hang(request)
            case "cut-accepted" | "cut":
                _abort(request)
            case "truncated":
                _truncate(request, answer)
            case "garbage":
                return web.Response(status=answer.status, text="<html>oops")
            case "error-accepted":
                return web.Response(status=503, text="Service Unavailable")
            case _:
                pass
        return answer


def _too_many() -> web.Response:
    body = {"code": 20429, "message": "Too Many Requests", "status": 429}
    return web.json_response(body, status=429, headers={"Retry-After": "1"})


async def _hang(request: web.Request) -> None:
    for _ in range(HANG_SECONDS * 20):
        if request.transport is None or request.transport.is_closing():
            return
        await asyncio.sleep(0.05)


def _abort(request: web.Request) -> None:
    if isinstance(request.transport, asyncio.Transport):
        request.transport.abort()


def _truncate(request: web.Request, answer: web.Response) -> None:
    if isinstance(request.transport, asyncio.Transport):
        head = f"HTTP/1.1 {answer.status} OK\r\nContent-Type: application/json\r\n"
        request.transport.write(f'{head}Content-Length: 5000\r\n\r\n{{"sid": "CA'.encode())
        request.transport.close()
