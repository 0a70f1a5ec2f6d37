"""Accounts, senders and our own address, asked without contacting anybody."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from sqlalchemy import Engine
from twilio.request_validator import RequestValidator

from tests.factories import make_campaign
from tests.fixtures.sandbox import Sandbox
from worker.desk.findings import Finding
from worker.desk.outside_checks import (
    examine_accounts,
    examine_beside,
    examine_named_accounts,
    examine_public_url,
    judge_senders,
)
from worker.domain.statuses import Channel
from worker.providers.account_questions import AccountKeys, find_number
from worker.providers.one_question import Silence, ask

SENDER = "+15125550100"


@pytest.fixture
def keys(sandbox: Sandbox) -> AccountKeys:
    return AccountKeys(
        twilio_url=sandbox.url,
        account_sid=sandbox.account_sid,
        auth_token=sandbox.auth_token,
        sendgrid_url=sandbox.url,
        api_key=sandbox.api_key,
        public_url="http://127.0.0.1:9/base",
    )


Door = Callable[[str, str | None], int]


@contextmanager
def listening(answer: Door) -> Iterator[str]:
    """A server that answers with what `answer` makes of path and signature."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_response(answer(self.path, self.headers["X-Twilio-Signature"]))
            self.send_header("Location", "http://127.0.0.1:9/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def test_accounts_that_let_us_in_are_well_and_nobody_is_contacted(
    keys: AccountKeys, sandbox: Sandbox
) -> None:
    before = sandbox.summary()

    assert all(one.well for one in examine_accounts(keys, mails=True))
    assert sandbox.summary() == before


@pytest.mark.parametrize(
    ("wrong", "which"),
    [
        pytest.param({"auth_token": "wrong"}, 0, id="token"),
        pytest.param({"account_sid": "AC" + "0" * 32}, 0, id="sid"),
        pytest.param({"twilio_url": "http://127.0.0.1:9"}, 0, id="twilio-away"),
        pytest.param({"api_key": "wrong"}, 1, id="key"),
        pytest.param({"sendgrid_url": "http://127.0.0.1:9"}, 1, id="sendgrid-away"),
    ],
)
def test_one_that_does_not_is_named_with_what_to_do(
    keys: AccountKeys, wrong: dict[str, str], which: int
) -> None:
    findings = examine_accounts(replace(keys, **wrong), mails=True)

    assert [one.well for one in findings] == [which != 0, which != 1]
    assert findings[which].advice


def examined(keys: AccountKeys, channel: Channel = Channel.SMS) -> Finding:
    [finding] = judge_senders([(channel, SENDER, find_number(keys, SENDER))], keys)
    return finding


def test_a_sender_that_the_account_has_not_is_told(keys: AccountKeys, sandbox: Sandbox) -> None:
    assert examined(keys).well

    sandbox.change(unusable_sender=True)

    assert (examined(keys).well, examined(keys).found) == (False, "the account does not have it")


def test_a_sender_whose_answers_go_elsewhere_is_told_for_texts_alone(
    keys: AccountKeys, sandbox: Sandbox
) -> None:
    sandbox.change(texts_to="https://elsewhere.example.com/sms")
    assert not examined(keys).well
    assert f"{keys.public_url}/callbacks/sms/inbound" in examined(keys).advice
    assert examined(keys, Channel.VOICE).well

    sandbox.change(texts_to=f"{keys.public_url}/callbacks/sms/inbound")

    assert examined(keys).well


def test_our_address_is_well_when_a_signed_callback_holds_where_it_arrives(
    keys: AccountKeys,
) -> None:
    known_as: list[str] = []

    def door(path: str, signature: str | None) -> int:
        signed = RequestValidator(keys.auth_token).validate(known_as[-1] + path, {}, signature)
        return 204 if signed else 403

    with listening(door) as url:
        known_as.append(url)
        assert examine_public_url(replace(keys, public_url=url)).well

        known_as.append("https://known-by-another-name.example.com")
        held = examine_public_url(replace(keys, public_url=url))
        assert (held.well, held.found) == (False, "a signed callback does not hold there")


@pytest.mark.parametrize("status", [200, 302, 404, 502])
def test_somebody_else_at_our_address_is_told_and_never_followed(
    keys: AccountKeys, status: int
) -> None:
    with listening(lambda *_: status) as url:
        finding = examine_public_url(replace(keys, public_url=url))

    assert (finding.well, finding.found) == (
        False,
        f"it is answered by somebody else: status {status}",
    )


def test_silence_is_told_without_the_address() -> None:
    assert ask("http://127.0.0.1:9/hidden", {}) == Silence("ConnectionRefusedError")


TWILIOS, SENDGRIDS = (Channel.VOICE, Channel.SMS), (Channel.EMAIL,)


@pytest.mark.parametrize("channels", [TWILIOS, SENDGRIDS], ids=["Twilio", "SendGrid"])
def test_an_account_beside_the_main_one_is_told_by_its_name(
    keys: AccountKeys, channels: tuple[Channel, ...]
) -> None:
    wrong = replace(keys, auth_token="wrong", api_key="SG.wrong")

    well, refused = (examine_beside("north", channels, one) for one in (keys, wrong))

    assert well.well and well.what.startswith("account north at")  # noqa: PT018
    assert not refused.well
    assert "accounts.north" in refused.advice


def test_an_account_that_campaigns_name_and_nobody_knows_is_told(engine: Engine) -> None:
    for account in ("main", "north", "south"):
        make_campaign(engine, channel=Channel.SMS, account=account)

    told = list(examine_named_accounts(engine, {"north": TWILIOS, "south": SENDGRIDS}))

    assert [(one.what, one.well) for one in told] == [("account south", False)]
    assert told[0].found == "campaigns name it, and it carries no sms"
