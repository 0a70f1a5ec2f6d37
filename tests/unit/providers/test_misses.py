"""Which last words prove that nobody was reached: the providers' vocabularies agree with the domain's."""

import pytest

from worker.domain.content.voicemail import OnMachine
from worker.domain.evidence.reports import MISSES, Meaning
from worker.providers import answered_by, email, sms, voice
from worker.providers.status_map import StatusMeaning

PROOFS = {
    Meaning.MISSED,
    Meaning.UNDELIVERABLE,
    Meaning.INVALID,
    Meaning.OPTED_OUT,
    Meaning.NEVER_RANG,
}
MACHINES = dict.fromkeys(answered_by.MACHINES, answered_by.MACHINE[OnMachine.NO_ANSWER])
WORDS: dict[str, dict[str, StatusMeaning]] = {
    "calls": voice.STATUSES,
    "texts": sms.STATUSES,
    "mails": email.EVENTS,
    "who answered": answered_by.PERSON | MACHINES | {"fax": answered_by.FAX},
}


@pytest.mark.parametrize("words", WORDS.values(), ids=WORDS)
def test_a_word_proves_a_miss_exactly_if_it_means_one(words: dict[str, StatusMeaning]) -> None:
    for name, word in words.items():
        assert (name in MISSES) == (word.meaning in PROOFS), name


def test_no_word_is_listed_that_nobody_says() -> None:
    assert {name for words in WORDS.values() for name in words} >= MISSES
