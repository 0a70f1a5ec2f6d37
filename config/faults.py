"""Faults of settings that are missing or wrong: one sentence, without its value."""

from collections.abc import Mapping

from pydantic.fields import FieldInfo

SMALL_NAME = r"^[a-z0-9-]+$"
HEADER_NAME = r"^[A-Za-z][A-Za-z0-9-]*$"
BARE_MAILBOX = r"^[!-;=?-~]+@[!-;=?-~]+$"
OTHER = "is not what this setting takes"
PATTERNS = {
    SMALL_NAME: "must be of small letters, digits and hyphens",
    HEADER_NAME: "must be the name of a header, of letters, digits and hyphens",
    BARE_MAILBOX: "must be one mailbox without a name, like stop@example.com",
}
"""By the pattern of a setting: what it asks for."""
PHRASES = {
    "string_too_long": "must be no longer than {max_length}",
    "int_parsing": "must be a whole number",
    "int_parsing_size": "is too large a number",
    "float_parsing": "must be a number",
    "finite_number": "must be a finite number",
    "bool_parsing": "must be true or false",
    "greater_than_equal": "must be {ge} or more",
    "greater_than": "must be more than {gt}",
    "less_than_equal": "must be {le} or less",
    "literal_error": "must be {expected}",
    "path_not_file": "must name a file that is there",
}
"""By the library's name of a fault: what we say of it."""


def sentence(fault: object, fields: Mapping[str, FieldInfo]) -> str:
    """One fault of the library's list, in our words and with the setting's name."""
    assert isinstance(fault, dict)
    name = "_".join(str(part) for part in fault["loc"]).upper()
    if fault["type"] == "missing":
        return f"{name} is not set ({fields[str(fault['loc'][0])].description})"
    context = fault.get("ctx", {})
    if fault["type"] == "value_error":
        said = str(context["error"])
    elif fault["type"] == "string_pattern_mismatch":
        said = PATTERNS.get(context["pattern"], OTHER)
    else:
        said = PHRASES.get(fault["type"], OTHER).format(**context)
    return f"{name}: {said}" if name else said
