"""Keys that somebody may press during a call, and what each asks for.

In a campaign's TwiML: `<Gather numDigits="1" action="outreach:9=opt-out;1=call-back">`. On its way to the
provider that becomes an address of ours with the call's token.

https://www.twilio.com/docs/voice/twiml/gather#action
"""

import re
from collections.abc import Mapping
from enum import StrEnum


class KeyWish(StrEnum):
    """The wishes that a key may stand for."""

    OPT_OUT = "opt-out"
    CALL_BACK = "call-back"


_ONE = rf"[0-9]=(?:{'|'.join(KeyWish)})"
_KEYS = re.compile(rf"{_ONE}(?:;{_ONE})*")
# A variable's own quotes are escaped: what one says is never an attribute.
_ACTION = re.compile(rf"""(action\s*=\s*["'])outreach:({_ONE}(?:;{_ONE})*)(?=["'])""")
_ANY = re.compile(r"""action\s*=\s*["']outreach:""")
LONGEST_ADDRESS = 250
"""Characters that such an address may take more than what stands for it."""


def read_keys(written: str) -> Mapping[str, KeyWish] | None:
    """Read what each key asks for; None: it is not written so, or one key asks for two things."""
    if not _KEYS.fullmatch(written):
        return None
    pairs = [one.split("=") for one in written.split(";")]
    wishes = {key: KeyWish(wish) for key, wish in pairs}
    return wishes if len(wishes) == len(pairs) else None


def count_actions(twiml: str) -> int:
    """Count the actions that become addresses of ours."""
    return len(_ACTION.findall(twiml))


def find_faults(twiml: str) -> str | None:
    """Say what is wrong with such an action, if something is."""
    right = [read_keys(keys) for _, keys in _ACTION.findall(twiml)]
    if len(right) == len(_ANY.findall(twiml)) and None not in right:
        return None
    return "an action is written like outreach:9=opt-out;1=call-back"


def resolve_actions(twiml: str, address: str, options: str) -> str:
    """Let such actions lead to an address of ours.

    Args:
        twiml: as it was rendered.
        address: of the call, without a slash at its end.
        options: what follows the keys, for the provider alone.
    """
    if "outreach:" not in twiml:
        return twiml
    ends = options.replace("&", "&amp;")
    return _ACTION.sub(lambda found: f"{found[1]}{address}/{found[2]}{ends}", twiml)
