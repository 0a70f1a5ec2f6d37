"""A campaign's wishes for a call that a machine answers."""

from enum import StrEnum


class OnMachine(StrEnum):
    """The policy: `voicemail_detection` is null, or `{"on_machine": one of these}`."""

    LEAVE_MESSAGE = "leave_message"
    """What is said to the machine counts: COMPLETED."""
    NO_ANSWER = "no_answer"
    """The person was missed: tried again as the campaign says."""
    HANG_UP = "hang_up"
    """Missed as well, and we end the call as soon as a machine is heard, so that it records nothing."""


def voicemail_detection(given: dict[str, object]) -> dict[str, object]:
    """The field, checked.

    Raises:
        ValueError: its shape is another one.
    """
    names = ", ".join(OnMachine)
    if set(given) != {"on_machine"} or given["on_machine"] not in list(OnMachine):
        raise ValueError(f'must be {{"on_machine": one of {names}}}, or null')
    return given
