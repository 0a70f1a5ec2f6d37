"""The sandbox's address book: routes to handlers."""

from collections.abc import AsyncIterator, Awaitable, Callable

from aiohttp import web

from worker.sandbox import mail, twilio_wire
from worker.sandbox.callbacks import Poster
from worker.sandbox.calls import Calls
from worker.sandbox.control import Control
from worker.sandbox.faults import Faults
from worker.sandbox.ledger import Ledger
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
            *_twilio_routes(calls, messages, Numbers(options)),
            web.post("/v3/mail/send", mails.send),
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
        web.post(f"{ACCOUNT}/Calls.json", calls.create),
        web.get(f"{ACCOUNT}/Calls.json", calls.list),
        web.get(ACCOUNT + "/Calls/{sid}.json", calls.fetch),
        web.post(ACCOUNT + "/Calls/{sid}.json", calls.update),
        web.post(f"{ACCOUNT}/Messages.json", messages.create),
        web.get(f"{ACCOUNT}/Messages.json", messages.list),
        web.get(ACCOUNT + "/Messages/{sid}.json", messages.fetch),
        web.get(f"{ACCOUNT}/IncomingPhoneNumbers.json", numbers.incoming),
        web.get(f"{ACCOUNT}/OutgoingCallerIds.json", numbers.callers),
    ]


def _control_routes(control: Control) -> list[web.RouteDef]:
    return [
        web.get("/sandbox/summary", control.summary),
        web.get("/sandbox/ledger", control.ledger),
        web.get("/sandbox/contents", control.contents),
        web.get("/sandbox/opt-outs", control.opt_outs),
        web.post("/sandbox/inbound", control.inbound),
        web.get("/sandbox/posts", control.posts),
        web.post("/sandbox/settings", control.settings),
        web.post("/sandbox/reset", control.reset),
    ]
