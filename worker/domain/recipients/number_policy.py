"""The policy by which a campaign may contact numbers at all: by country and by type of line."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import phonenumbers
from phonenumbers import PhoneNumberType

from worker.domain.recipients.numbering_plans import costly_kind

LineType = Literal[
    "premium_rate", "shared_cost", "toll_free", "voip", "personal_number", "pager", "uan",
    "voicemail", "fixed_line", "mobile", "fixed_line_or_mobile",
]  # fmt: skip
LINE_TYPES: tuple[LineType, ...] = get_args(LineType)

_TYPES: dict[int, str] = {getattr(PhoneNumberType, name.upper()): name for name in LINE_TYPES}


@dataclass(frozen=True, slots=True)
class NumberPolicy:
    """A campaign's policy for numbers; an empty one allows any valid number.

    `allowed_regions` are ISO 3166 codes, empty: all. `refused_line_types` are of `LINE_TYPES`.
    Premium-rate, shared-cost, satellite and personal numbers, pagers and voicemail boxes are contacted only
    where `allow_costly_numbers` says so. Short codes and emergency numbers are no valid targets for anybody.
    """

    allowed_regions: Sequence[str] = ()
    refused_line_types: Sequence[str] = ()
    allow_costly_numbers: bool = False

    def refusal(self, address: str) -> str | None:
        """Return why this E.164 number may not be contacted; None where it may."""
        if self.allowed_regions or self.refused_line_types:
            refused = self._refused_by_plan(address)
            if refused is not None:
                return refused
        if not self.allow_costly_numbers and (kind := costly_kind(address)):
            return f"{kind} numbers are contacted only where the campaign has allow_costly_numbers"
        return None

    def _refused_by_plan(self, address: str) -> str | None:
        number = phonenumbers.parse(address)
        region = phonenumbers.region_code_for_number(number)
        if self.allowed_regions and region not in self.allowed_regions:
            return f"the campaign does not contact numbers of {region or 'no country'}"
        line_type = _TYPES.get(phonenumbers.number_type(number), "unknown")
        if line_type in self.refused_line_types:
            return f"the campaign does not contact {line_type} numbers"
        return None
