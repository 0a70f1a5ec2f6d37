"""Public keys that sign webhooks: a point of the curve P-256, in DER and base64.

Checked by its numbers: the library that verifies signatures takes seven megabytes in every process that
reads settings, and only the one that serves callbacks verifies any.
"""

from base64 import b64decode

# What comes before the point: https://www.rfc-editor.org/rfc/rfc5480#section-2
HEADER = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d03010703420004")
# The curve: https://doi.org/10.6028/NIST.SP.800-186, 3.2.1.3
PRIME = 2**256 - 2**224 + 2**192 + 2**96 - 1
B = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
COORDINATE = 32
"""Bytes."""


def is_public_key(written: str) -> bool:
    """Return whether it is one: a letter that was lost or mistyped leads away from the curve."""
    try:
        key = b64decode(written.strip(), validate=True)
    except ValueError:
        return False
    point = key.removeprefix(HEADER)
    if len(key) != len(HEADER) + 2 * COORDINATE or len(point) != 2 * COORDINATE:
        return False
    x, y = (int.from_bytes(half) for half in (point[:COORDINATE], point[COORDINATE:]))
    return max(x, y) < PRIME and (y * y - x * x * x + 3 * x - B) % PRIME == 0
