"""Faults of fields, in the field's own words: none of the library's own reach anybody."""

from collections.abc import Mapping, Sequence
from typing import Any

# Not `.` nor `..`, which a client of HTTP resolves before it asks.
BATCH_ID = (
    "^([A-Za-z0-9_-][A-Za-z0-9._-]{0,127}|[.][A-Za-z0-9_-][A-Za-z0-9._-]{0,126}"
    "|[.][.][A-Za-z0-9._-]{1,126})$"
)
MAILBOX = r"^[^@\s]+@[^@\s]+$"
REGION = "^[A-Z]{2}$"
NOT_BLANK = r"\S"

SHAPES: dict[str, str] = {
    BATCH_ID: "must be 1 to 128 of the letters A to Z and a to z, digits, dots, dashes and _;"
    " not . or ..",
    MAILBOX: "must be an email address",
    REGION: "must be a region of two capital letters, like US",
    NOT_BLANK: "must not be blank",
}
"""By its pattern: what a text must look like."""

TEXT, WHOLE, LIST = "must be text", "must be a whole number", "must be a list"
PHRASES: dict[str, str] = {
    "missing": "is missing",
    "extra_forbidden": "there is no such field",
    "string_type": TEXT,
    "string_sub_type": TEXT,
    "string_unicode": "must be text without half characters",
    "int_type": WHOLE,
    "int_from_float": WHOLE,
    "int_parsing": WHOLE,
    "int_parsing_size": "is too large a number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "finite_number": "must be a finite number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "list_type": LIST,
    "tuple_type": LIST,
    "dict_type": "must be an object of names and values",
    "model_type": "must be an object of its fields",
    "model_attributes_type": "must be an object of its fields",
    "greater_than_equal": "must be {ge} or more",
    "less_than_equal": "must be {le} or less",
    "greater_than": "must be more than {gt}",
    "less_than": "must be less than {lt}",
    "string_too_short": "must not be empty",
    "string_too_long": "must have no more than {max_length} characters",
    "too_short": "must not be empty",
    "too_long": "must have no more than {max_length} entries",
    "literal_error": "must be {expected}",
    "enum": "must be {expected}",
}
"""By the library's name of a fault, https://docs.pydantic.dev/latest/errors/validation_errors/"""

UNFORESEEN = "is not what this field takes"


def phrase(fault: Mapping[str, Any]) -> str:
    """One fault as the library tells it, context included, in our words; never with the value itself."""
    context = fault.get("ctx", {})
    match fault["type"]:
        case "value_error":
            return str(context["error"])
        case "string_pattern_mismatch":
            return SHAPES.get(context["pattern"], UNFORESEEN)
        case kind:
            return PHRASES.get(kind, UNFORESEEN).format(**context)


def name_place(names: Sequence[str], said: str) -> str:
    """The phrase behind the place it speaks of; a fault of the whole names its field itself."""
    return f"{'.'.join(names)}: {said}" if names else said
