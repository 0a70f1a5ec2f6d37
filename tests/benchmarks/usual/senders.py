"""The synchronous SDKs, once per process, with connections that are kept."""

import os
from functools import lru_cache

from requests.adapters import HTTPAdapter
from sendgrid.helpers.mail.custom_arg import CustomArg
from sendgrid.helpers.mail.mail import Mail
from sendgrid.sendgrid import SendGridAPIClient
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

from tests.benchmarks.usual.models import Attempt, Request

CALLBACKS = "http://127.0.0.1:9/callbacks"


@lru_cache(maxsize=1)
def twilio() -> Client:
    """The calls and texts."""
    http = TwilioHttpClient(timeout=10)
    assert http.session
    # netrc and proxy variables are looked up for every request otherwise: 0.1 ms each.
    http.session.trust_env = False
    http.session.mount("http://", HTTPAdapter(pool_maxsize=64))
    client = Client("AC" + "0" * 32, "secret", http_client=http)
    client.api.base_url = os.environ["STUB_URL"]
    return client


@lru_cache(maxsize=1)
def sendgrid() -> SendGridAPIClient:
    """The mails."""
    client = SendGridAPIClient("key", host=os.environ["STUB_URL"])
    client.client.timeout = 10
    return client


def send(request: Request, attempt: Attempt) -> str:
    """Contact one recipient; the provider's name for it."""
    content = request.batch.content.format(**request.request_variables)
    callback = f"{CALLBACKS}/{request.batch.channel}/{attempt.token}"
    source = request.batch.source
    if request.batch.channel == "voice":
        call = twilio().calls.create(
            to=request.target,
            from_=source,
            twiml=content,
            timeout=25,
            status_callback=callback,
            status_callback_event=["initiated", "ringing", "answered", "completed"],
        )
        return str(call.sid)
    if request.batch.channel == "sms":
        message = twilio().messages.create(
            to=request.target, from_=source, body=content, status_callback=callback
        )
        return str(message.sid)
    mail = Mail(source, request.target, "A reminder", plain_text_content=content)
    mail.add_custom_arg(CustomArg("token", str(attempt.token)))
    return str(sendgrid().send(mail).headers["X-Message-Id"])
