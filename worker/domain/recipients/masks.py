"""A target as it is shown to whoever has not asked for it: enough to tell two apart, too little to call."""

import phonenumbers

SHORTEST = 7
"""Digits of the shortest number of which the last two are shown."""
NOTHING = "···"


def mask(target: str) -> str:
    """`+1 512 ··· ··01`, `a···@e···`; of what is neither, nothing."""
    if "@" in target:
        return _mailbox(target)
    digits = [one for one in target if one.isdecimal()]
    if len(digits) < SHORTEST:
        return NOTHING
    begins = _beginning(target)
    return f"{begins} ··· ··{''.join(digits[-2:])}".strip()


def _mailbox(target: str) -> str:
    name, _, domain = target.strip().rpartition("@")
    return f"{name[:1]}···@{domain[:1]}···"


def _beginning(target: str) -> str:
    """The calling code, and the area where the rest is long enough to stay unknown."""
    try:
        number = phonenumbers.parse(target)
    except phonenumbers.NumberParseException:
        return ""
    national = phonenumbers.national_significant_number(number)
    area = f" {national[:3]}" if len(national) >= 9 else ""
    return f"+{number.country_code}{area}"
