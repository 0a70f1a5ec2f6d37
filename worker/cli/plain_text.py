"""Text from outside on a terminal: it never moves the cursor. Only Python's own, for probes print it, too."""

# They join letters, and hide or turn nothing.
JOINERS = frozenset("\u200c\u200d")


def printable(text: str) -> str:
    """The text without characters that steer a terminal, or turn the direction of what follows."""
    if text.isprintable():
        return text
    return "".join(char if _is_harmless(char) else "�" for char in text)


def one_line(text: str) -> str:
    """The same where one line is meant: what somebody wrote never looks like a line of ours."""
    return printable(text).replace("\n", " ")


def escape(encoded: str) -> str:
    """JSON of the same meaning in which such characters stand as escapes."""
    if encoded.isprintable():
        return encoded
    return "".join(char if _is_harmless(char) else _escape(char) for char in encoded)


def _is_harmless(char: str) -> bool:
    return char.isprintable() or char == "\n" or char in JOINERS


def _escape(char: str) -> str:
    units = char.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))
