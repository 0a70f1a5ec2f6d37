"""The segments of many texts together, counted as they are read."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from worker.domain.content.campaign_words import Template
from worker.domain.content.render import ContentError, preview_words
from worker.domain.content.segments import Segmented, count_segments, name_characters
from worker.domain.statuses import Channel
from worker.domain.wire import Wire

MOST_COUNTED = 10_000
"""Texts that are rendered to be counted; a large file's others are taken to be like these."""


@dataclass(slots=True)
class TextCosts:
    """Segments of texts; those that can't be rendered are not sent and not counted."""

    texts: int = 0
    segments: int = 0
    longest: int = 0
    dearer: Counter[tuple[str, ...]] = field(default_factory=Counter)
    """Texts that cost more for the same characters."""
    spare: Counter[tuple[str, ...]] = field(default_factory=Counter)
    """The segments that they cost more."""

    @property
    def full(self) -> bool:
        """Return whether enough are counted."""
        return self.texts >= MOST_COUNTED

    def count(self, template: Template, variables: Mapping[str, str]) -> None:
        """Count one more as it would be sent, unless enough are counted."""
        if self.full:
            return
        try:
            body = preview_words(template, variables)["body"]
        except ContentError:
            return
        self._add(count_segments(body))

    def _add(self, one: Segmented) -> None:
        self.texts += 1
        self.segments += one.segments
        self.longest = max(self.longest, one.segments)
        if one.avoidable:
            self.dearer[one.outside] += 1
            self.spare[one.outside] += one.segments - one.otherwise

    @property
    def sentences(self) -> list[str]:
        """Return what they cost, and which characters make that more than need be."""
        if not self.texts:
            return []
        first = "the first " if self.full else ""
        total = f"{self.segments:,} for {first}{self.texts:,} texts, at most {self.longest} for one"
        return [f"segments: {total}", *(f"warning: {one}" for one in self.warnings)]

    @property
    def warnings(self) -> list[str]:
        """Return one sentence for each set of characters, the dearest first."""
        return [
            f"{name_characters(outside)} costs {spare:,} more segments in {self.dearer[outside]:,} texts"
            for outside, spare in self.spare.most_common(NAMED_SETS)
        ]

    def to_wire(self) -> dict[str, Wire]:
        """Its fields under their names on the wire."""
        return {
            "texts": self.texts,
            "segments": self.segments,
            "longest": self.longest,
            "warnings": list(self.warnings),
        }


NAMED_SETS = 5
"""Warnings of one file: who reads ten sentences reads none."""


def cost_of_words(template: Template, words: Mapping[str, str]) -> Segmented | None:
    """Count the segments of one recipient's words; None: they are no text."""
    return count_segments(words["body"]) if template.channel is Channel.SMS else None


def costs_of(template: Template) -> TextCosts | None:
    """Something to count a campaign's texts with; None: it sends none."""
    return TextCosts() if template.channel is Channel.SMS else None
