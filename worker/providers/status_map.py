"""Translation of a provider's word for a state: where it stands, what it means, what it is called."""

import re
from typing import NamedTuple

from worker.domain.evidence.reports import Meaning
from worker.domain.statuses import ChannelStatus

CALL_SID = re.compile(r"CA[0-9a-fA-F]{32}")
"""What Twilio calls a call by."""


class StatusMeaning(NamedTuple):
    """A row of a vocabulary. Ranks order the words of one sid; equal ranks are both last words."""

    rank: int
    meaning: Meaning
    channel_status: ChannelStatus


class Refinement(NamedTuple):
    """A closer meaning that an error code gives to a word for failure; its rank stays."""

    meaning: Meaning
    channel_status: ChannelStatus
