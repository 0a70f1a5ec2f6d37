"""Which numbers cost their caller, or whom they are called for, far more than others."""

import re

from phonenumbers import PhoneMetadata

COSTLY_CODES = {
    "+808": "international shared-cost",
    "+870": "satellite",
    "+878": "personal",
    "+881": "satellite",
    "+882": "satellite",
    "+883": "satellite",
    "+979": "international premium-rate",
}
"""Calling codes of no country. Source: https://www.itu.int/pub/T-SP-E.164D"""
COSTLY_KINDS = {
    "premium_rate": "premium-rate",
    "shared_cost": "shared-cost",
    "personal_number": "personal",
    "pager": "pager",
    "voicemail": "voicemail",
}
"""Kinds in the metadata that cost more than others, or that nobody answers, and what they are called."""
ORDINARY = frozenset({(1, "personal_number")})
"""North America's 5XX: called from anywhere like any other number, and Twilio's test numbers are among them.

Source: https://www.nanpa.com, https://www.twilio.com/docs/iam/test-credentials
"""
COSTLY_RANGES = {
    "AR": {"shared_cost": r"810\d{7}"},
    "AU": {"satellite": r"14\d{7}"},
    "CA": {"satellite": r"600\d{7}"},
    "CN": {"satellite": r"1(?:349|740)\d{7}"},
    "ID": {"satellite": r"868\d{5,9}"},
    "JP": {"shared_cost": r"570\d{6}"},
    "PT": {"shared_cost": r"70[78]\d{6}"},
    "RU": {"satellite": r"954\d{7}"},
    "ZA": {"shared_cost": r"86[01]\d{6,7}"},
}
"""National numbers that the metadata counts among universal access, internet or mobile numbers, by region.

Sources: the national plans, https://www.itu.int/oth/T0202; and of PT 707 and 708, whose price is capped above
a call's, https://www.anacom.pt/render.jsp?contentId=420676; of JP 0570, whose cost is shared,
http://www.ntt.com/release_e/news99/9908/0803.html; of AR 0810, Resolución 938/98 of the Secretaría de
Comunicaciones; of AU 014, the Telecommunications Numbering Plan 2015; of ZA 086, ICASA's Numbering Plan
Regulations 2016. Universal access numbers of other regions (GB 03, FI 010, NL 088) are like any other.
"""
SATELLITE = "satellite"


def name_kind(kind: str) -> str:
    """What a kind of `costly_pattern` is called."""
    return COSTLY_KINDS.get(kind, kind)


def costly_pattern(facts: PhoneMetadata) -> re.Pattern[str]:
    """One pattern for all that is costly in a region, a group for each kind: most numbers are asked once."""
    ours = COSTLY_RANGES.get(facts.id or "", {})
    either = "|".join(
        f"(?P<{kind}>{'|'.join(patterns)})"
        for kind in (*COSTLY_KINDS, SATELLITE)
        if (patterns := [one for one in (_known(facts, kind), ours.get(kind)) if one])
    )
    return re.compile(either or r"(?!)")


def _known(facts: PhoneMetadata, kind: str) -> str | None:
    """What the metadata says of a kind, which knows of no satellites."""
    which = None if (facts.country_code, kind) in ORDINARY else getattr(facts, kind, None)
    return which.national_number_pattern if which is not None else None
