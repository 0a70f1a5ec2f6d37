"""Every deed of every door, in an order in which each of them changes something."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.factories import ANY_TIME, CONTENT
from worker.domain.statuses import Channel

VOICE = {"mode": "voice", "source": "+15125550100", **ANY_TIME, **CONTENT[Channel.VOICE]}
SMS = {
    "campaign_name": "texts",
    "mode": "sms",
    "source": "+15125550100",
    "caller_id": None,
    "active_days": ["mon"],
    "campaign_variables": {"body": "Hello"},
}
ROWS = "reference_id,target\r\n{name},+15125550149\r\n"


@dataclass(frozen=True, slots=True)
class File:
    """A file, as a form of a browser or a program brings it, with the form's other fields."""

    rows: str = ROWS
    fields: tuple[tuple[str, str], ...] = ()


OWN, PUBLIC = "/api/v1/outreach", "/api/v1/outbound"
Ask = tuple[str, str, Any]

API: dict[str, Ask] = {
    f"POST {OWN}/campaigns": ("POST", "/campaigns", {"campaign_name": "new", **VOICE}),
    f"PATCH {OWN}/campaigns/{{campaign}}": ("PATCH", "/campaigns/C", {"description": "x"}),
    f"POST {OWN}/campaigns/{{campaign}}/test": (
        *("POST", "/campaigns/C/test"),
        {"target": "+15125550133"},
    ),
    f"POST {OWN}/batches": ("POST", "/batches", {"batch_id": "new", "campaign_id": 1}),
    f"PATCH {OWN}/batches/{{batch_id}}": ("PATCH", "/batches/B", {"call_rate": 60}),
    f"POST {OWN}/batches/{{batch_id}}/pause": ("POST", "/batches/B/pause", {}),
    f"POST {OWN}/batches/{{batch_id}}/resume": ("POST", "/batches/B/resume", {}),
    f"POST {OWN}/batches/{{batch_id}}/requests": (
        *("POST", "/batches/B/requests"),
        {"requests": [{"reference_id": "added", "target": "+15125550134"}]},
    ),
    f"POST {OWN}/batches/{{batch_id}}/upload": ("POST", "/batches/B/upload", File()),
    f"POST {OWN}/batches/{{batch_id}}/remove": (
        *("POST", "/batches/B/remove"),
        {"reference_ids": ["waits0"]},
    ),
    f"POST {OWN}/batches/{{batch_id}}/retry": (
        *("POST", "/batches/B/retry"),
        {"reference_ids": ["failed0"]},
    ),
    f"POST {OWN}/attempts/{{attempt}}/count-as-sent": (
        *("POST", "/attempts/{doubt0}/count-as-sent"),
        None,
    ),
    f"POST {OWN}/attempts/{{attempt}}/allow-retry": (
        *("POST", "/attempts/{doubt1}/allow-retry"),
        None,
    ),
    f"POST {OWN}/suppressions": (
        *("POST", "/suppressions"),
        {"mode": "voice", "target": "+15125550135"},
    ),
    f"POST {OWN}/suppressions/{{suppression}}/lift": ("POST", "/suppressions/{act0}/lift", {}),
    f"POST {OWN}/suppressions/import": (
        *("POST", "/suppressions/import?mode=voice"),
        File("target\r\n+15125550136\r\n"),
    ),
    f"POST {OWN}/halts": ("POST", "/halts", {"scope": "all"}),
    f"POST {OWN}/halts/resume": ("POST", "/halts/resume", {"scope": "all"}),
    f"POST {OWN}/dead-letters/{{letter}}/replay": (
        *("POST", "/dead-letters/{letter0}/replay"),
        {"payload": '{"batch_id": "B", "paused": true}'},
    ),
    f"POST {OWN}/dead-letters/{{letter}}/discard": (
        *("POST", "/dead-letters/{letter1}/discard"),
        None,
    ),
    f"POST {OWN}/keys": ("POST", "/keys", {"name": "bi", "role": "read"}),
    f"POST {OWN}/keys/{{name}}/revoke": ("POST", "/keys/bi/revoke", None),
    f"POST {PUBLIC}/campaigns": ("POST", "/campaigns", SMS),
    f"PUT {PUBLIC}/campaigns/{{campaign_id}}": (
        *("PUT", "/campaigns/{texts}"),
        SMS | {"description": "x"},
    ),
    f"POST {PUBLIC}/batches": ("POST", "/batches", {"batch_id": "newer", "campaign_id": 1}),
    f"PUT {PUBLIC}/batches/{{batch_id}}": ("PUT", "/batches/B", {"paused": False}),
    f"POST {PUBLIC}/batches/{{batch_id}}/requests": (
        *("POST", "/batches/B/requests"),
        {"reference_id": "too", "target": "+15125550137", "request_variables": {}},
    ),
    f"POST {PUBLIC}/batches/{{batch_id}}/remove-requests": (
        *("POST", "/batches/B/remove-requests"),
        ["waits1"],
    ),
    f"DELETE {PUBLIC}/campaigns/{{campaign_id}}": ("DELETE", "/campaigns/{texts}", None),
    f"DELETE {PUBLIC}/batches/{{batch_id}}": (
        *("DELETE", "/batches/B"),
        b"delete_reason=over",
    ),
    f"POST {OWN}/batches/{{batch_id}}/delete": (
        *("POST", "/batches/E/delete"),
        {"reason": "over"},
    ),
}
API_NO_DEED = {
    f"POST {PUBLIC}/batches/{{batch_id}}/upload_batch": "the file is kept; who reads it notes the deed"
}

COMMANDS: dict[str, tuple[str, ...]] = {
    "campaign create": ("{fields}",),
    "campaign update": ("C", "--set", "description=x"),
    "campaign test": ("C", "--to", "+15125550133"),
    "batch create": ("new", "--campaign", "C"),
    "batch update": ("B", "--call-rate", "60"),
    "batch pause": ("B",),
    "batch resume": ("B",),
    "batch upload": ("B", "{rows}"),
    "batch remove": ("B", "waits0"),
    "batch retry": ("B", "failed0"),
    "request retry": ("B", "failed1"),
    "attempts count-as-sent": ("{doubt0}",),
    "attempts allow-retry": ("{doubt1}",),
    "suppress add": ("voice", "+15125550135"),
    "suppress remove": ("{act0}", "--why", "asked"),
    "suppress import": ("voice", "{targets}"),
    "halt": ("--all",),
    "resume": ("--all",),
    "dead-letters replay": ("{letter0}", "--payload", "{payload}"),
    "dead-letters discard": ("{letter1}",),
    "key create": ("bi", "--role", "read"),
    "key revoke": ("bi",),
    "batch delete": ("B", "--reason", "over"),
}
ELSEWHERE = {
    "audit list": "asks by whom, and changes nothing",
    "batch archive": "needs a batch that is long over: test_archive.py",
    "console open": "makes a link; whoever signs in by it is written down: test_signing_in.py",
    "db upgrade": "changes the database's shape, and nothing in it",
    "bounce": "a mail server reports, as a callback does: that is history",
    "unsubscribe": "as above",
    "run": "starts processes, which have doors of their own",
    "demo": "has a store of its own",
    "reconcile": "needs a database of yesterday and what the providers list: test_reconcile.py",
    "watchdog": "tells somebody, and changes nothing",
}
"""Commands that are no reading, and why they have no deed here."""

MESSAGES: dict[str, Mapping[str, Any]] = {
    "outreach.create_campaign": {"campaign_name": "new", **VOICE},
    "outreach.update_campaign": {"campaign_name": "C", "description": "x"},
    "outreach.create_batch": {"batch_id": "new", "campaign_name": "C"},
    "outreach.add_requests": {
        "batch_id": "B",
        "requests": [{"reference_id": "added", "target": "+15125550134"}],
    },
    "outreach.update_batch": {"batch_id": "B", "paused": True},
    "outreach.remove_requests": {"batch_id": "B", "reference_ids": ["waits0"]},
    "outreach.retry_requests": {"batch_id": "B", "reference_ids": ["failed0"]},
    "outreach.suppress": {
        "mode": "voice",
        "target": "+15125550135",
        "reason": "unsubscribed",
    },
    "outreach.unsuppress": {"mode": "voice", "target": "+15125550200", "suppression": "{act0}"},
    "outreach.delete_batch": {"batch_id": "B", "deleted_reason": "over"},
}
MESSAGES_NO_DEED = {
    "outreach.dispatch_batch": "lets the scheduler look sooner, and stores nothing",
    "outreach.record_session": "what a conversation tells of itself, as a callback does",
}

CONSOLE: dict[str, tuple[str, Any]] = {
    "/halts": ("/halts", {"scope": "all", "key": "", "why": "fire"}),
    "/halts/lift": ("/halts/lift", {"scope": "all", "key": ""}),
    "/batches/new": ("/batches/new", File(fields=(("campaign", "C"), ("batch_id", "new")))),
    "/batches/{batch}/confirm": ("/batches/new/confirm", {}),
    "/batches/{batch}/pause": ("/batches/B/pause", {"why": "wrong"}),
    "/batches/{batch}/resume": ("/batches/B/resume", {}),
    "/batches/{batch}/change": ("/batches/B/change", {"call_rate": "600"}),
    "/bulk/new": (
        "/bulk/new",
        {
            "deed": "retry",
            "batch": "B",
            "outcome": "",
            "counted": "4",
            "count": "4",
            "once": "8c4e1b8e-7d3c-4d36-a7ab-0f0f6f3b2a11",
        },
    ),
    "/bulk/{number:int}/stop": ("/bulk/1/stop", {}),
    "/requests/{request:int}/remove": ("/requests/{waits0}/remove", {}),
    "/requests/{request:int}/replace": (
        "/requests/{waits1}/replace",
        {"target": "+15125550138", "variable name": "Trillian"},
    ),
    "/requests/{request:int}/retry": ("/requests/{failed}/retry", {}),
    "/people/{recipient:int}/suppress": ("/people/{person}/suppress", {}),
    "/suppressions": ("/suppressions", {"target": "+15125550139", "channel": "voice"}),
    "/suppressions/{row:int}/lift": ("/suppressions/{act0}/lift", {"why": "asked"}),
    "/doubts/{attempt:int}/sent": ("/doubts/{doubt0}/sent", {}),
    "/doubts/{attempt:int}/retry": ("/doubts/{doubt1}/retry", {}),
    "/dead-letters/{letter:int}/replay": (
        "/dead-letters/{letter0}/replay",
        {"payload": '{"batch_id": "B", "paused": true}'},
    ),
    "/dead-letters/{letter:int}/discard": ("/dead-letters/{letter1}/discard", {}),
    "/campaigns/{campaign}/test": ("/campaigns/{campaign}/test", {"to": "+15125550133"}),
    "/batches/{batch}/expire": ("/batches/E/expire", {"name": "E"}),
    "/batches/{batch}/delete": ("/batches/B/delete", {"name": "B", "why": "over"}),
    "/sign-out-everywhere": ("/sign-out-everywhere", {}),
}
SHOWN: dict[str, tuple[str, Any]] = {
    "/batches/{batch}/export": ("/batches/B/export", {}),
    "/requests/{request:int}/reveal": ("/requests/{waits0}/reveal", {}),
    "/people/{recipient:int}/reveal": ("/people/{person}/reveal", {}),
    "/dead-letters/{letter:int}/reveal": ("/dead-letters/{letter2}/reveal", {}),
}
"""What changes nothing, and is written down because it names somebody."""
CONSOLE_NO_DEED = {
    "/people": "a search, by POST because an address is kept in histories",
    "/campaigns/{campaign}/preview": "shows words with variables that were typed",
    "/sign-out": "ends the session that asks: test_signing_in.py",
}
