"""The sandbox's address book: routes to handlers."""

from collections.abc import AsyncIterator, Awaitable, Callable

from aiohttp import web

from worker.sandbox import mail, twilio_wire
from worker.sandbox.callbacks import Poster
from worker.sandbox.calls import Calls
from worker.sandbox.control import Control
from worker.sandbox.faults import BROKEN, Faults
from worker.sandbox.ledger import Ledger, SaidAnswer
from worker.sandbox.mail import PEOPLE
from worker.sandbox.messages import Messages
from worker.sandbox.numbers import Numbers
from worker.sandbox.options import Options
from worker.sandbox.smtp import SmtpEndpoint

ACCOUNT = "/2010-04-01/Accounts/{account}"
LARGEST_BODY = 32 * 1024 * 1024

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def refusals_are_answers(request: web.Request, handler: Handler) -> web.StreamResponse:
    """A handler that refuses raises; here it becomes the provider's error body."""
    try:
        return await handler(request)
    except (twilio_wire.TwilioError, mail.SendGridError) as refusal:
        return refusal.answer


def noted(ledger: Ledger, kind: str, handler: Handler) -> Handler:
    """The handler, and what it answers written down: cut off, or given to nobody, it is not whole."""

    async def answer(request: web.Request) -> web.StreamResponse:
        try:
            given = await refusals_are_answers(request, handler)
        except web.HTTPException as redirect:
            _note(ledger, kind, request, redirect.status)
            raise
        _note(ledger, kind, request, given.status)
        return given

    return answer


def _note(ledger: Ledger, kind: str, request: web.Request, status: int) -> None:
    gone = request.transport is None or request.transport.is_closing()
    whole = not (gone or request.get(BROKEN, False))
    ledger.answers[SaidAnswer(kind, request.get(PEOPLE, 1), status, whole)] += 1


async def create(options: Options) -> web.Application:
    """The application; must be made inside its event loop."""
    ledger = Ledger()
    poster = Poster(options, ledger)
    faults = Faults(options, ledger)
    calls = Calls(options, ledger, faults, poster)
    messages = Messages(options, ledger, faults, poster)
    mails = mail.MailEndpoint(options, ledger, faults, poster)
    mail_server = SmtpEndpoint(options, ledger) if options.smtp_port else None
    control = Control(options, ledger, calls, messages, poster, mail_server)
    app = web.Application(middlewares=[refusals_are_answers], client_max_size=LARGEST_BODY)
    app.add_routes(
        [
            web.post(f"{ACCOUNT}/Calls.json", noted(ledger, "call", calls.create)),
            web.post(f"{ACCOUNT}/Messages.json", noted(ledger, "message", messages.create)),
            *_twilio_routes(calls, messages, Numbers(options)),
            web.post("/v3/mail/send", noted(ledger, "mail", mails.send)),
            web.get("/v3/scopes", mails.scopes),
            *_control_routes(control),
        ]
    )

    async def post_until_closed(_: web.Application) -> AsyncIterator[None]:
        yield
        await poster.close()

    app.cleanup_ctx.append(post_until_closed)
    if mail_server is not None:
        app.cleanup_ctx.append(mail_server.serve)
    return app


def _twilio_routes(calls: Calls, messages: Messages, numbers: Numbers) -> list[web.RouteDef]:
    return [
        web.get(f"{ACCOUNT}/Calls.json", calls.list),
        web.get(ACCOUNT + "/Calls/{sid}.json", calls.fetch),
        web.post(ACCOUNT + "/Calls/{sid}.json", calls.update),
        web.get(f"{ACCOUNT}/Messages.json", messages.list),
        web.get(ACCOUNT + "/Messages/{sid}.json", messages.fetch),
        web.get(f"{ACCOUNT}/IncomingPhoneNumbers.json", numbers.incoming),
        web.get(f"{ACCOUNT}/OutgoingCallerIds.json", numbers.callers),
    ]


def _control_routes(control: Control) -> list[web.RouteDef]:
    return [
        web.get("/sandbox/summary", control.summary),
        web.get("/sandbox/ledger", control.ledger),
        web.get("/sandbox/answers", control.answers),
        web.get("/sandbox/contents", control.contents),
        web.get("/sandbox/opt-outs", control.opt_outs),
        web.post("/sandbox/inbound", control.inbound),
        web.get("/sandbox/posts", control.posts),
        web.post("/sandbox/settings", control.settings),
        web.post("/sandbox/reset", control.reset),
    ]
