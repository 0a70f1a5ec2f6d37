"""A request as another system asks for it."""

from typing import Annotated

from pydantic import Field, StringConstraints

from worker.domain.contract.csv_rows import LONGEST_REFERENCE
from worker.domain.fields import Text, WireModel

ReferenceId = Annotated[
    Text, StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_REFERENCE)
]
Target = Annotated[Text, Field(min_length=1, max_length=1_000)]


class NewRequest(WireModel):
    """One request to add."""

    reference_id: ReferenceId
    target: Target
    request_variables: dict[Text, Text] = Field(default_factory=dict)
