"""Failures in a row with one code that leaves open whom it means halt; anything else halts nothing."""

from collections.abc import Iterator
from uuid import UUID

import pytest
from sqlalchemy import Engine
from structlog.testing import capture_logs

from tests.factories import (
    SECOND,
    make_attempt,
    make_batch,
    make_campaign,
    make_request,
    make_timeouts,
    read_request,
    token_of,
)
from tests.fakes.provider import FakeProvider
from tests.integration.dispatch.conftest import Connect
from worker.dispatch.apply_reports import apply_reports
from worker.dispatch.provider_loop import Answered
from worker.dispatch.record import record
from worker.dispatch.rescue import rescue
from worker.dispatch.unknown_codes import ANSWERS, REPORTS
from worker.domain.content.tickets import Text, Ticket
from worker.domain.evidence.answers import Accepted, Answer
from worker.domain.evidence.lookups import Matches
from worker.domain.evidence.reports import Meaning, Report
from worker.domain.statuses import AttemptState, Channel
from worker.providers import email, sms, twilio_errors
from worker.store import halts
from worker.store.connect import in_transaction

PATIENCE = make_timeouts(unknown_run=4)
UNKNOWN, ANOTHER, KNOWN = 39_998, 39_999, 30005
SPAM, OF_A_CARRIER = 30007, 30040


@pytest.fixture(autouse=True)
def _no_run_of_another_test() -> Iterator[None]:
    ANSWERS.by_campaign.clear()
    REPORTS.by_campaign.clear()
    yield
    ANSWERS.by_campaign.clear()
    REPORTS.by_campaign.clear()


class Sms:
    """A campaign of texts whose attempts fail one after the other."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.campaign = make_campaign(engine, channel=Channel.SMS, retry_count=0)
        self.batch = make_batch(engine, campaign=self.campaign)
        self.sids = 0

    def reported(self, code: int | None, *, token: UUID | None = None) -> Report:
        """A text was accepted, and fails with this code; None: it is delivered."""
        self.sids += 1
        token = token or self._token(AttemptState.ACCEPTED)
        form = {"MessageSid": f"SM{self.sids:032}", "MessageStatus": "undelivered"}
        form |= {"ErrorCode": str(code)} if code else {"MessageStatus": "delivered"}
        report = sms.read_callback(form, token)
        assert report is not None
        apply_reports(self.engine, PATIENCE, [report])
        return report

    def answered(self, answer: Answer) -> int:
        """A text is asked for, and this comes back; the attempt."""
        attempt = make_attempt(self.engine, request=make_request(self.engine, batch=self.batch))
        token = token_of(self.engine, attempt)
        assert token is not None
        ticket = Ticket(attempt, 0, token, "+33612345678", "+15125550100", Text("Hello"))
        record(self.engine, PATIENCE, self.campaign, Channel.SMS, [Answered(ticket, answer)])
        return attempt

    def _token(self, state: AttemptState) -> UUID:
        request = make_request(self.engine, batch=self.batch)
        token = token_of(self.engine, make_attempt(self.engine, request=request, state=state))
        assert token is not None
        return token

    @property
    def halted(self) -> list[tuple[str, str, str]]:
        """Scope, key and reason of each halt."""
        found = in_transaction(self.engine, halts.in_force)
        return [(one.scope, one.key, one.reason) for one in found]


@pytest.fixture
def texts(engine: Engine) -> Sms:
    return Sms(engine)


def refused(code: int) -> Answer:
    return twilio_errors.judge(400, {}, f'{{"code": {code}}}')


def test_a_run_of_one_unknown_code_in_reports_halts_the_campaign(texts: Sms) -> None:
    for _ in range(3):
        texts.reported(UNKNOWN)
    assert texts.halted == []

    texts.reported(UNKNOWN)

    why = "4 in a row failed with 39998: it may mean the sender, or what all of them are told"
    assert texts.halted == [("campaign", str(texts.campaign), why)]


def test_a_run_of_one_unknown_code_in_answers_halts_the_campaign(texts: Sms) -> None:
    for _ in range(3):
        texts.answered(refused(UNKNOWN))
    assert texts.halted == []

    texts.answered(refused(UNKNOWN))

    [(scope, key, why)] = texts.halted
    assert (scope, key) == ("campaign", str(texts.campaign))
    assert "39998" in why


def test_words_that_are_refused_to_one_after_the_other_halt_the_campaign(texts: Sms) -> None:
    for code in (SPAM, SPAM, SPAM, None, SPAM, SPAM, SPAM):
        texts.reported(code)
    assert texts.halted == []

    texts.reported(SPAM)

    [(scope, key, why)] = texts.halted
    assert (scope, key) == ("campaign", str(texts.campaign))
    assert "30007" in why


def test_so_do_words_that_are_refused_as_an_answer(texts: Sms) -> None:
    for _ in range(4):
        texts.answered(refused(SPAM))

    assert len(texts.halted) == 1


@pytest.mark.parametrize("code", [OF_A_CARRIER, KNOWN])
def test_a_run_of_what_is_said_of_a_destination_or_of_people_halts_nothing(
    texts: Sms, code: int
) -> None:
    for _ in range(6):
        texts.reported(code)
        texts.answered(refused(code))

    assert texts.halted == []


@pytest.mark.parametrize("code", [ANOTHER, None], ids=["another code", "somebody is reached"])
def test_anything_else_in_between_ends_the_run(texts: Sms, code: int | None) -> None:
    for between in (UNKNOWN, UNKNOWN, UNKNOWN, code, UNKNOWN, UNKNOWN, UNKNOWN):
        texts.reported(between)

    assert texts.halted == []


def test_an_acceptance_ends_a_run_of_answers(texts: Sms) -> None:
    for _ in range(2):
        for _ in range(3):
            texts.answered(refused(UNKNOWN))
        texts.answered(Accepted("SM1"))

    assert texts.halted == []


def test_who_is_refused_for_himself_ends_no_run_and_makes_none(texts: Sms) -> None:
    for code in (UNKNOWN, KNOWN, UNKNOWN, KNOWN, KNOWN, KNOWN, KNOWN, UNKNOWN):
        texts.reported(code)
    assert texts.halted == []

    texts.reported(UNKNOWN)

    assert len(texts.halted) == 1


def test_a_report_that_is_repeated_counts_once(texts: Sms, engine: Engine) -> None:
    report = texts.reported(UNKNOWN)
    for _ in range(9):
        apply_reports(engine, PATIENCE, [report])

    assert texts.halted == []


def test_every_sender_has_a_run_of_its_own(engine: Engine) -> None:
    one, other = Sms(engine), Sms(engine)
    other.sids = 1_000
    for _ in range(3):
        one.reported(UNKNOWN)
        other.reported(UNKNOWN)

    assert one.halted == []


@pytest.mark.parametrize(
    "said",
    [
        '"event":"dropped","reason":"New policy"',
        '"event":"dropped","reason":"Spam Content"',
        '"event":"bounce","type":"blocked","bounce_classification":"Reputation"',
        '"event":"bounce","type":"blocked","bounce_classification":"Content"',
    ],
)
def test_mails_of_which_nobody_knows_whom_that_means_are_a_run_too(
    engine: Engine, said: str
) -> None:
    campaign = make_campaign(engine, channel=Channel.EMAIL)
    batch = make_batch(engine, campaign=campaign)
    for n in range(4):
        request = make_request(engine, batch=batch)
        token = token_of(engine, make_attempt(engine, request=request, state=AttemptState.ACCEPTED))
        [event] = email.read_events(
            f'[{{{said},"sg_event_id":"e{n}","outreach_token":"{token}"}}]'.encode()
        )
        apply_reports(engine, PATIENCE, [event])

    [halt] = in_transaction(engine, halts.in_force)
    assert (halt.scope, halt.key) == ("campaign", str(campaign))


@pytest.mark.parametrize(
    ("reason", "meaning"),
    [
        ("Invalid SMTPAPI header", Meaning.SENDER_BARRED),
        ("Recipient List over Package Quota", Meaning.ACCOUNT_BARRED),
    ],
)
def test_what_sendgrid_says_of_the_sender_or_the_account_costs_no_recipient(
    engine: Engine, reason: str, meaning: Meaning
) -> None:
    campaign = make_campaign(engine, channel=Channel.EMAIL, retry_count=0)
    request = make_request(engine, batch=make_batch(engine, campaign=campaign))
    token = token_of(engine, make_attempt(engine, request=request, state=AttemptState.ACCEPTED))
    [event] = email.read_events(
        f'[{{"event":"dropped","reason":"{reason}","sg_event_id":"e","outreach_token":"{token}"}}]'.encode()
    )

    apply_reports(engine, PATIENCE, [event])

    assert event.meaning is meaning
    assert len(in_transaction(engine, halts.in_force)) == 1
    assert read_request(engine, request)["request_status"] == "PENDING"


def test_a_country_is_told_once_however_many_are_refused_there(texts: Sms) -> None:
    with capture_logs() as told:
        for _ in range(6):
            texts.answered(refused(21408))

    assert [
        (one["country"], one["code"]) for one in told if one["event"] == "destination_refused"
    ] == [("FR", "21408")]
    assert texts.halted == []


def test_a_run_is_heard_where_the_provider_was_asked(
    engine: Engine, connect: Connect, texts: Sms
) -> None:
    looks = []
    for n in range(4):
        request = make_request(engine, batch=texts.batch)
        attempt = make_attempt(
            engine, request=request, state=AttemptState.ACCEPTED, check_in=-SECOND
        )
        token = token_of(engine, attempt)
        assert token is not None
        form = {"MessageSid": f"SM{n:032}", "MessageStatus": "failed", "ErrorCode": str(UNKNOWN)}
        report = sms.read_callback(form, token)
        assert report is not None
        looks.append(Matches((report,)))

    rescue(engine, connect(FakeProvider(Channel.SMS, looks=looks)), PATIENCE)

    assert [(scope, key) for scope, key, _ in texts.halted] == [("campaign", str(texts.campaign))]
