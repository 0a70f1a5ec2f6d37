"""Answering machines: Twilio's detection in the background, asked for and read.

https://www.twilio.com/docs/voice/answering-machine-detection
"""

from collections.abc import Mapping
from uuid import UUID

from worker.domain.content.voicemail import OnMachine
from worker.domain.evidence.reports import Meaning, Report
from worker.domain.statuses import Channel, ChannelStatus
from worker.providers.status_map import CALL_SID, StatusMeaning

# Waiting for the beep takes longer, and only who leaves a message needs it.
DETECTION: dict[OnMachine, str] = {
    OnMachine.LEAVE_MESSAGE: "DetectMessageEnd",
    OnMachine.NO_ANSWER: "Enable",
    OnMachine.HANG_UP: "Enable",
}

# A person, or nobody can tell who: the call's own words decide. They are final at 100; a machine
# corrects them, whichever came first.
PERSON: dict[str, StatusMeaning] = {
    "human": StatusMeaning(45, Meaning.CONNECTED, ChannelStatus.HUMAN),
    "unknown": StatusMeaning(45, Meaning.CONNECTED, ChannelStatus.UNKNOWN),
}
MACHINES = frozenset(
    {"machine_start", "machine_end_beep", "machine_end_silence", "machine_end_other"}
)
MACHINE: dict[OnMachine, StatusMeaning] = {
    OnMachine.LEAVE_MESSAGE: StatusMeaning(110, Meaning.REACHED, ChannelStatus.MACHINE),
    OnMachine.NO_ANSWER: StatusMeaning(110, Meaning.MISSED, ChannelStatus.MACHINE),
    OnMachine.HANG_UP: StatusMeaning(110, Meaning.MISSED, ChannelStatus.MACHINE),
}
# It hears no message, and will be a fax the next time too.
FAX = StatusMeaning(110, Meaning.UNDELIVERABLE, ChannelStatus.MACHINE)


def read_answered_by(
    params: Mapping[str, str], token: UUID, on_machine: OnMachine, mark: str = ""
) -> Report | None:
    """Read the detection's callback; None where it is not one, or in words we don't know."""
    sid, name = params.get("CallSid", ""), params.get("AnsweredBy", "")
    word = _word(name, on_machine)
    return _report(sid, name, token, word, mark) if word else None


def machine_answered(
    sid: str, answered_by: str | None, token: UUID, on_machine: OnMachine | None
) -> Report | None:
    """The same of a call's record, where it was a machine or a fax; None of anybody else."""
    name = answered_by or ""
    if on_machine is None or name in PERSON:
        return None
    word = _word(name, on_machine)
    return _report(sid, name, token, word) if word else None


def _report(sid: str, name: str, token: UUID, word: StatusMeaning, mark: str = "") -> Report | None:
    if not CALL_SID.fullmatch(sid):
        return None
    return Report(
        channel=Channel.VOICE,
        key=f"{sid}:{name}",
        token=token,
        sid=sid,
        name=name,
        rank=word.rank,
        sequence=0,
        meaning=word.meaning,
        channel_status=word.channel_status,
        code="fax" if name == "fax" else None,
        mark=mark,
    )


def _word(name: str, on_machine: OnMachine) -> StatusMeaning | None:
    if name in MACHINES:
        return MACHINE[on_machine]
    return FAX if name == "fax" else PERSON.get(name)
