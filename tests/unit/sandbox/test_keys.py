"""Key pairs of the signed event webhook."""

import base64

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from sendgrid.helpers.eventwebhook import EventWebhook

from worker.sandbox.keys import load_private_key, new_webhook_keys

BODY = '[{"event":"delivered"}]\r\n'


def signed(private: str, timestamp: str) -> str:
    signature = load_private_key(private).sign((timestamp + BODY).encode(), ec.ECDSA(SHA256()))
    return base64.b64encode(signature).decode()


def test_sendgrids_own_verifier_takes_what_the_private_half_signs() -> None:
    private, public = new_webhook_keys()

    assert EventWebhook(public).verify_signature(BODY, signed(private, "1600112502"), "1600112502")


def test_it_takes_nothing_another_pair_signs() -> None:
    (other, _), (_, public) = new_webhook_keys(), new_webhook_keys()

    assert not EventWebhook(public).verify_signature(BODY, signed(other, "1"), "1")
