"""The one rule that moves requests: a request is the projection of its latest attempt.

Four kinds of evidence bear on an attempt: the provider's answer to our request, its later reports,
proof that it never arrived, and silence. Each function takes the facts and one piece of evidence and
returns the change, or None where the evidence says nothing new. Nothing here reads a clock.
"""

from worker.domain.verdicts.answers import accepted, judge_answer
from worker.domain.verdicts.doubts import give_up, judge_absence, judge_silence, judge_undecided
from worker.domain.verdicts.patience import Patience
from worker.domain.verdicts.reports import judge_report

__all__ = [
    "Patience",
    "accepted",
    "give_up",
    "judge_absence",
    "judge_answer",
    "judge_report",
    "judge_silence",
    "judge_undecided",
]
