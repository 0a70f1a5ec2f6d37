"""Whoever wrote a text is known by their number, however a network writes it."""

import pytest

from worker.domain.consent.authors import UnreadAuthor, read_author

ANA = "+15125550140"


@pytest.mark.parametrize(
    ("written", "identity"),
    [
        (ANA, ANA),
        ("15125550140", ANA),
        (" 15125550140", ANA),  # a plus that a form decoded
        (f"whatsapp:{ANA}", ANA),
        ("WhatsApp: +15125550140", ANA),
        ("whatsapp:15125550140", ANA),
        (f"rcs:{ANA}", ANA),
        (f"sms:{ANA}", ANA),
        (f"mms:{ANA}", ANA),
        (f"tel:{ANA}", ANA),
        ("+4915123456789", "+4915123456789"),
        ("+19005550140", "+19005550140"),
        ("+5215512345678", "+525512345678"),
        ("whatsapp:+5491123456789", "+541123456789"),
        ("+1512555014123", "+1512555014123"),  # in no numbering plan we know
    ],
)
def test_a_number_is_read(written: str, identity: str) -> None:
    assert read_author(written) == identity


@pytest.mark.parametrize(
    "written",
    [
        *("", "72345", "Acme", "anonymous", "0015125550140", "015112345678", "999999999999999"),
        *("messenger:15125550140", "client:15125550140", "sip:15125550140@example.com"),
        *("+72345", "+1512555014x", "whatsapp:Acme", "\N{ARABIC-INDIC DIGIT ONE}5125550140"),
    ],
)
def test_what_is_no_number_is_nobody(written: str) -> None:
    with pytest.raises(UnreadAuthor) as raised:
        read_author(written)
    assert not written or written not in str(raised.value)
