"""Callbacks at the door: what is signed is taken in; the rest is refused, counted and changes nothing."""

import json
from collections.abc import Sequence
from pathlib import Path
from threading import active_count
from urllib.parse import urlencode
from uuid import UUID

import pytest
from starlette.applications import Starlette
from starlette.routing import Route
from twilio.request_validator import RequestValidator

from config.settings import Settings, load
from tests.asgi import ask
from tests.keys import PUBLIC_KEY
from worker.domain.evidence.reports import Report
from worker.runtime import Runtime, StoreUnavailable
from worker.web.callbacks import MAX_EVENTS, Callbacks, Sessions, read_sessions
from worker.web.group_commit import GroupCommit
from worker.web.signed import MAX_FORM, MOST_FIELDS

TOKEN = UUID("6f1f2a3e-30a5-4f53-9d0e-0b3c2d1e4f50")
BASE = "https://outreach.example.com"
FORM = {"CallSid": "CA" + "0" * 32, "CallStatus": "completed", "SequenceNumber": "3"}
NEEDED = {
    "DATABASE_URL": "postgresql://outreach@127.0.0.1/outreach",
    "BROKER_URL": "redis://127.0.0.1:6379/0",
    "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
    "TWILIO_AUTH_TOKEN": "new-token",
    "TWILIO_PREVIOUS_AUTH_TOKEN": "old-token",
    "SENDGRID_API_KEY": "SG.key",
    "SENDGRID_WEBHOOK_KEY": f"{PUBLIC_KEY}, {PUBLIC_KEY}",
    "PUBLIC_URL": BASE,
    "FLOWER_BASIC_AUTH": "ana:a-very-secret-password",
}


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Settings:
    monkeypatch.chdir(tmp_path)
    for name, value in {**NEEDED, "STATE_DIR": str(tmp_path)}.items():
        monkeypatch.setenv(name, value)
    return load()


class Door:
    """The handlers on an office that remembers what it was given."""

    def __init__(self, settings: Settings) -> None:
        self.taken: list[Report] = []
        self.ended: list[str] = []
        self.fault: Exception | None = None
        self.kept: list[tuple[str, str]] = []
        self.callbacks = Callbacks(
            Runtime(settings), GroupCommit(self._take), self._end, self._keep
        )
        self._app = Starlette(
            routes=[
                Route("/callbacks/voice/{token:uuid}", self.callbacks.voice, methods=["POST"]),
                Route(
                    "/callbacks/voice/{token:uuid}/answered-by/{on_machine}",
                    self.callbacks.answered_by,
                    methods=["POST"],
                ),
                Route("/callbacks/email", self.callbacks.email, methods=["POST"]),
            ]
        )

    def _take(self, reports: list[Report]) -> None:
        if self.fault is not None:
            raise self.fault
        self.taken += reports

    def _keep(self, route: str, texts: Sequence[str]) -> None:
        if self.fault is not None:
            raise self.fault
        self.kept += [(route, text) for text in texts]

    def _end(self, sid: str) -> None:
        assert self.taken, "ended before it was durable"
        self.ended.append(sid)

    def post(self, path: str, body: bytes, headers: dict[str, str], query: str = "") -> int:
        """The status of the answer."""
        return ask(self._app, "POST", path, body, headers, query)[0]


PATH = f"/callbacks/voice/{TOKEN}"


def signed(
    token: str,
    form: dict[str, str] = FORM,
    base: str = BASE,
    query: str = "",
    path: str = PATH,
) -> dict[str, str]:
    url = f"{base}{path}{'?' if query else ''}{query}"
    return {"X-Twilio-Signature": RequestValidator(token).compute_signature(url, form)}


@pytest.mark.parametrize(("token", "status"), [("north-token", 204), ("new-token", 403)])
def test_the_token_of_the_account_that_a_callback_names_signs_it(
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    token: str,
    status: int,
) -> None:
    sid, file = "AC" + "1" * 32, tmp_path / "accounts.toml"
    monkeypatch.setenv("NORTH_TOKEN", "north-token")
    file.write_text(
        f'[accounts.north]\nkind = "twilio"\naccount_sid = "{sid}"\n'
        'auth_token = { env = "NORTH_TOKEN" }\n',
        encoding="utf-8",
    )
    door, form = (
        Door(settings.model_copy(update={"accounts_file": file})),
        FORM | {"AccountSid": sid},
    )

    assert door.post(PATH, urlencode(form).encode(), signed(token, form)) == status


@pytest.mark.parametrize("token", ["new-token", "old-token"])
def test_what_either_token_signed_is_taken_in(settings: Settings, token: str) -> None:
    door = Door(settings)

    assert door.post(PATH, urlencode(FORM).encode(), signed(token)) == 204
    assert [one.name for one in door.taken] == ["completed"]


def test_the_public_address_counts_and_no_header_that_claims_another(settings: Settings) -> None:
    door = Door(settings)
    elsewhere = {
        "Host": "evil.example.org",
        "X-Forwarded-Host": "evil.example.org",
        "X-Forwarded-Proto": "http",
    }
    body = urlencode(FORM).encode()

    assert door.post(PATH, body, signed("new-token") | elsewhere) == 204
    forged = signed("new-token", base="http://evil.example.org")
    assert door.post(PATH, body, forged | elsewhere) == 403
    assert len(door.taken) == 1


ANSWERED_BY = {
    "a machine": ("hang_up", "machine_start", 1),
    "a fax": ("hang_up", "fax", 1),
    "a person": ("hang_up", "human", 0),
    "nobody can tell": ("hang_up", "unknown", 0),
    "a machine, by another policy": ("no_answer", "machine_start", 0),
}


@pytest.mark.parametrize(("policy", "name", "ended"), ANSWERED_BY.values(), ids=ANSWERED_BY.keys())
def test_a_call_to_a_machine_is_ended_where_the_policy_says_so(
    settings: Settings, policy: str, name: str, ended: int
) -> None:
    door, form = Door(settings), {"CallSid": FORM["CallSid"], "AnsweredBy": name}
    path = f"{PATH}/answered-by/{policy}"

    headers = signed("new-token", form, path=path)
    assert door.post(path, urlencode(form).encode(), headers) == 204

    assert door.ended == [FORM["CallSid"]] * ended


def test_a_call_is_not_ended_before_its_machine_is_durable(settings: Settings) -> None:
    door, form = Door(settings), {"CallSid": FORM["CallSid"], "AnsweredBy": "machine_start"}
    path = f"{PATH}/answered-by/hang_up"
    door.fault = StoreUnavailable()

    headers = signed("new-token", form, path=path)
    assert door.post(path, urlencode(form).encode(), headers) == 503

    assert door.ended == []


@pytest.mark.parametrize("fault", [StoreUnavailable(), KeyError(), MemoryError()], ids=repr)
def test_what_is_not_durable_must_come_again_whatever_the_reason(
    settings: Settings, fault: Exception
) -> None:
    door = Door(settings)
    door.fault = fault

    assert door.post(PATH, urlencode(FORM).encode(), signed("new-token", FORM)) == 503

    assert door.callbacks.refusals == {"store_unavailable": 1}


@pytest.mark.parametrize("opened", [False, True])
def test_a_provider_loop_is_closed_where_one_was_opened(settings: Settings, opened: bool) -> None:
    runtime = Runtime(settings)
    threads = active_count()
    if opened:
        runtime.provider_loop  # noqa: B018  asking for it opens it
        assert active_count() == threads + 1

    runtime.close_provider_loop()

    assert ("provider_loop" in vars(runtime)) is opened
    assert active_count() == threads


REFUSED = {
    "forged": (urlencode(FORM).encode(), signed("guessed"), "", 403, "signature"),
    "unsigned": (urlencode(FORM).encode(), {}, "", 403, "signature"),
    "query in another order": (
        urlencode(FORM).encode(), signed("new-token", query="a=1&b=2"), "b=2&a=1", 403, "signature",
    ),
    "too large": (b"x" * (MAX_FORM + 1), {}, "", 413, "too_large"),
    "said to be too large": (b"x", {"Content-Length": str(MAX_FORM + 1)}, "", 413, "too_large"),
    "too many fields": (b"a&" * MOST_FIELDS, {}, "", 413, "too_large"),
    "a query that is no text": (
        urlencode(FORM).encode(), signed("new-token"), "a=\xff", 403, "signature",
    ),
    "no callback": (b"A=1", signed("new-token", {"A": "1"}), "", 204, "unreadable"),
}  # fmt: skip


@pytest.mark.parametrize(
    ("body", "headers", "query", "status", "reason"), REFUSED.values(), ids=REFUSED.keys()
)
def test_what_is_refused_changes_nothing_and_is_counted(
    settings: Settings, body: bytes, headers: dict[str, str], query: str, status: int, reason: str
) -> None:
    door = Door(settings)

    assert door.post(PATH, body, headers, query) == status

    assert door.taken == []
    assert door.callbacks.refusals == {reason: 1}


def test_mail_events_are_refused_alike(settings: Settings) -> None:
    door = Door(settings)

    assert door.post("/callbacks/email", b"[]", {}) == 403
    assert door.post("/callbacks/email", b"x" * (MAX_EVENTS + 1), {}) == 413
    assert door.callbacks.refusals == {"signature": 1, "too_large": 1}


NAMES: dict[str, tuple[dict[str, str], Sessions | None]] = {
    "both": (
        {"session_id": "7", "conversation_id": "9"},
        {"session_id": 7, "conversation_id": 9},
    ),
    "one": ({"session_id": "7"}, {"session_id": 7, "conversation_id": None}),
    "no numbers": ({"session_id": "7; DROP", "conversation_id": "-1"}, None),
    "none": (FORM, None),
}


@pytest.mark.parametrize(("params", "named"), NAMES.values(), ids=NAMES)
def test_sessions_are_read_from_the_callback(
    params: dict[str, str], named: Sessions | None
) -> None:
    assert read_sessions(params) == named


@pytest.mark.parametrize("form", [{"A": "1"}, FORM | {"CallSid": "CA\0"}, {"CallStatus": "odd"}])
def test_a_form_nobody_can_read_is_kept_whole_or_must_come_again(
    settings: Settings, form: dict[str, str]
) -> None:
    door = Door(settings)
    body, headers = urlencode(form).encode(), signed("new-token", form)

    assert door.post(PATH, body, headers) == 204
    [(route, text)] = door.kept
    assert route == "voice"
    assert json.loads(text) == {"token": str(TOKEN)} | form

    door.fault = StoreUnavailable("away")
    assert door.post(PATH, body, headers) == 503


def test_a_policy_that_nobody_knows_is_no_address(settings: Settings) -> None:
    door, form = Door(settings), {"CallSid": FORM["CallSid"], "AnsweredBy": "human"}
    path = f"{PATH}/answered-by/odd"

    headers = signed("new-token", form, path=path)
    assert door.post(path, urlencode(form).encode(), headers) == 404

    assert door.taken == []
    assert door.callbacks.refusals == {"unreadable": 1}


def test_a_field_without_a_value_is_signed_like_any_other(settings: Settings) -> None:
    door, form = Door(settings), FORM | {"ForwardedFrom": ""}

    assert door.post(PATH, urlencode(form).encode(), signed("new-token", form)) == 204
    assert [one.name for one in door.taken] == ["completed"]
