"""Key pairs for SendGrid's signed event webhook: ECDSA over P-256."""

import base64

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
)


def new_webhook_keys() -> tuple[str, str]:
    """A fresh (private, public) pair: base64 of PKCS8 and of SubjectPublicKeyInfo, both DER."""
    private = ec.generate_private_key(ec.SECP256R1())
    secret = private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    public = private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(secret).decode(), base64.b64encode(public).decode()


def load_private_key(encoded: str) -> ec.EllipticCurvePrivateKey:
    """The private half of `new_webhook_keys`."""
    key = load_der_private_key(base64.b64decode(encoded), password=None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return key
