"""The two ways in which the database says no."""


class StoreUnavailable(Exception):
    """The database does not take what it was asked to take; nothing of the step was kept.

    Away, shutting down, full, read-only, out of memory or of connections, held by somebody's lock: the
    same to whoever asks, because the same step may be taken later.
    """


class StoreRefused(Exception):
    """The database takes nothing like this: the fault is in the data, and later would be no better.

    Says which kind of error it was and never repeats its text, which quotes values.
    """

    def __init__(self, code: str, kind: str) -> None:
        self.code = code
        super().__init__(f"the database refuses the data: {kind}{code and f' ({code})'}")

    @property
    def breaks_a_rule(self) -> bool:
        """Return whether a CHECK forbids it: a state that can't be, or a move that is not in the table."""
        return self.code == "23514"
