"""The one rule that moves requests: a request is the projection of its latest attempt.

Four kinds of evidence bear on an attempt: the provider's answer to our request, its later reports,
proof that it never arrived, and silence. Each function takes the facts and one piece of evidence and
returns the change, or None where the evidence says nothing new. Nothing here reads a clock.
"""

from worker.domain.evidence.judge_answers import judge_accepted, judge_answer
from worker.domain.evidence.judge_doubts import (
    give_up,
    judge_absence,
    judge_silence,
    judge_undecided,
)
from worker.domain.evidence.judge_reports import judge_report
from worker.domain.evidence.timeouts import Timeouts

__all__ = [
    "Timeouts",
    "give_up",
    "judge_absence",
    "judge_accepted",
    "judge_answer",
    "judge_report",
    "judge_silence",
    "judge_undecided",
]
