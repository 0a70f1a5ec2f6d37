"""Signatures: proof that a callback comes from the provider. Anything odd is a no, never an error."""

import re
from base64 import b64decode
from collections.abc import Sequence
from functools import lru_cache
from hmac import compare_digest
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
from cryptography.hazmat.primitives.hashes import SHA256
from sendgrid.helpers.eventwebhook import EventWebhook
from twilio.request_validator import RequestValidator

# SendGrid repeats an event for 24 h, each time newly signed; the rest is for clocks and queues.
MAX_AGE = 36 * 3600.0


class _Form(dict[str, list[str]]):
    """Form fields as the validator asks for them: a name may have several values."""

    def getlist(self, name: str) -> list[str]:
        return self[name]


def twilio_signature_holds(
    url: str, params: Sequence[tuple[str, str]], signature: str | None, tokens: Sequence[str]
) -> bool:
    """Return whether Twilio signed this form, with any of the account's tokens (two while one is rotated).

    https://www.twilio.com/docs/usage/security#validating-requests

    Args:
        url: the public address as configured, with path and query as received, without fragment.
        params: the form's fields, blank ones included, nothing trimmed.
        signature: the header X-Twilio-Signature.
        tokens: the account's auth tokens.
    """
    if not signature:
        return False
    form = _Form()
    for name, value in params:
        form.setdefault(name, []).append(value)
    return any(_validates(token, url, form, signature) for token in tokens)


def _validates(token: str, url: str, form: _Form, signature: str) -> bool:
    try:
        # With bodySHA256 in the address the form is not what is signed. None of ours has it.
        if "bodySHA256" in url:
            return False
        validator = _validator(token)
        # Nearly always the address as it stands is what was signed; the SDK tries it with and without
        # a port, in any case.
        signed = validator.compute_signature(url, form)
        return compare_digest(signed, signature) or bool(validator.validate(url, form, signature))
    except Exception:  # noqa: BLE001  a forger chooses the input: whatever it breaks is not signed
        return False


@lru_cache(maxsize=8)
def _validator(token: str) -> RequestValidator:
    return RequestValidator(token)


def sendgrid_signature_holds(
    body: bytes,
    signature: str | None,
    timestamp: str | None,
    public_keys: Sequence[str],
    now_epoch: float,
    max_age: float = MAX_AGE,
) -> bool:
    """Return whether SendGrid signed these raw bytes lately.

    https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/getting-started-event-webhook-security-features

    Args:
        body: as received, its trailing line break included.
        signature: the header X-Twilio-Email-Event-Webhook-Signature.
        timestamp: the header X-Twilio-Email-Event-Webhook-Timestamp.
        public_keys: of the webhook, base64 (two while one is rotated).
        now_epoch: seconds since 1970.
        max_age: how far, in seconds, the timestamp may be from now; the SDK would accept any.
    """
    if not signature or not timestamp or not re.fullmatch(r"[0-9]{10}", timestamp):
        return False
    if abs(now_epoch - int(timestamp)) > max_age:
        return False
    return any(_verifies(key, body, signature, timestamp) for key in public_keys)


def _verifies(public_key: str, body: bytes, signature: str, timestamp: str) -> bool:
    """Of the bytes as they came: the SDK wants a text, and one event that is none would cost all others."""
    try:
        _webhook_key(public_key).verify(
            b64decode(signature), timestamp.encode() + body, ECDSA(SHA256())
        )
    except Exception:  # noqa: BLE001  a forger chooses the input: whatever it breaks is not signed
        return False
    return True


@lru_cache(maxsize=4)
def _webhook_key(public_key: str) -> Any:  # noqa: ANN401  the SDK does not say
    return EventWebhook(public_key).public_key
