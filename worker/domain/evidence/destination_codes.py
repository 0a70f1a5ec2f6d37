"""Codes that speak of where somebody is rather than of them: told once a country, and halting nothing.

The codes: https://www.twilio.com/docs/api/errors
"""

import phonenumbers

NOT_ENABLED = "the country is not enabled for this Twilio account"
DESTINATIONS: dict[str, str] = {
    "21203": NOT_ENABLED,
    "21215": NOT_ENABLED,
    "21408": NOT_ENABLED,
    "13227": NOT_ENABLED,
    "32205": NOT_ENABLED,
    "21612": "this source can't reach numbers there",
    "21657": "no such source is taken there",
    "30011": "its carriers take no media",
    "30040": "its carriers take registered sources alone",
    "30041": "it takes registered sources alone",
    "30043": "its carriers take sources of their own country alone",
}
"""Each with what an operator must know; what is said of a carrier is said of its country's numbers."""


def country_of(address: str) -> str:
    """The country of a number in E.164 as an ISO 3166 code; what no country has by its first digits."""
    try:
        number = phonenumbers.parse(address)
    except phonenumbers.NumberParseException:
        return address[:4]
    exact = phonenumbers.region_code_for_number(number)
    found = exact or phonenumbers.region_code_for_country_code(number.country_code or 0)
    return found if found in phonenumbers.SUPPORTED_REGIONS else address[:4]
