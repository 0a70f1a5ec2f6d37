"""Mistakes that a caller can put right. Each error takes the facts and writes the sentence."""


class Mistake(Exception):
    """Something the caller can correct; its text is one clear sentence."""


class DatabaseNotAccepted(Mistake):
    """All is halted because of the database itself; to let it go on is to say that it is the right one."""

    def __init__(self) -> None:
        super().__init__(
            "all is halted because the database was restored, cloned or failed over: check it, then:"
            " outreach resume --after-restore"
        )


class WrongFields(Mistake):
    """One or more fields are missing or wrong; each fault is a phrase that names its field."""

    def __init__(self, faults: list[str]) -> None:
        self.faults = faults
        super().__init__("; ".join(faults))


class UnknownCampaign(Mistake):
    """No campaign has this id or name."""

    def __init__(self, reference: str) -> None:
        super().__init__(f"there is no campaign {reference!r}")


class CampaignConflict(Mistake):
    """The name is taken by a campaign with other fields."""

    def __init__(self, campaign_name: str, differing: list[str]) -> None:
        super().__init__(
            f"campaign {campaign_name!r} exists with a different {' and '.join(differing)}"
        )


class CannotChangeMode(Mistake):
    """A campaign's mode decides the channel of every recipient it has; it stays."""

    def __init__(self, campaign_name: str) -> None:
        super().__init__(f"the mode of campaign {campaign_name!r} can't be changed")


class UnknownBatch(Mistake):
    """No batch has this id."""

    def __init__(self, batch_id: str) -> None:
        super().__init__(f"there is no batch {batch_id!r}")


class BatchConflict(Mistake):
    """The id is taken by a batch with other fields."""

    def __init__(self, batch_id: str, differing: list[str]) -> None:
        super().__init__(f"batch {batch_id!r} exists with a different {' and '.join(differing)}")


class BatchDeleted(Mistake):
    """The batch was deleted; nothing can be added to it or changed."""

    def __init__(self, batch_id: str) -> None:
        super().__init__(f"batch {batch_id!r} was deleted")


class BatchExpired(Mistake):
    """The batch has expired; nothing can be added to it."""

    def __init__(self, batch_id: str) -> None:
        super().__init__(f"batch {batch_id!r} has expired")


class BatchArchived(Mistake):
    """The batch's requests are kept elsewhere; whom it has contacted is no longer known here."""

    def __init__(self, batch_id: str) -> None:
        super().__init__(f"batch {batch_id!r} was archived; create another")


class CannotMoveExpiry(Mistake):
    """`expires_on` may be moved only before it passes."""

    def __init__(self, batch_id: str) -> None:
        super().__init__(f"batch {batch_id!r} has expired: its expires_on can't be moved any more")


class UnknownRequest(Mistake):
    """The batch has no request under this reference."""

    def __init__(self, batch_id: str, reference_id: str) -> None:
        super().__init__(f"batch {batch_id!r} has no request with reference_id {reference_id!r}")


class FileFault(Mistake):
    """The file can't be a batch at all; `line` counts from 1, None when no line is to blame."""

    def __init__(self, why: str, line: int | None = None) -> None:
        self.line = line
        super().__init__(f"line {line}: {why}" if line else why)


def where_raised(error: BaseException) -> str:
    """File and line where an error was raised: what may be told of one whose text may quote data."""
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else "unknown"
