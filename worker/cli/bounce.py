"""`outreach bounce`: mail that came back, from the mailbox that gets it."""

import sys

import typer

from worker.cli.context import session
from worker.cli.printing import console
from worker.dispatch.apply_reports import apply_reports
from worker.domain.errors import Mistake
from worker.providers.smtp_email import read_returned

LARGEST = 10 * 1024 * 1024
"""Bytes that are read of a mail."""


class NotReturned(Mistake):
    """It is no delivery status, or one of somebody else's mail."""

    def __init__(self) -> None:
        super().__init__("this is no delivery status of a mail of ours")


def bounce(context: typer.Context) -> None:
    """Read a mail that came back from standard input, and note what it says of a request."""
    report = read_returned(sys.stdin.buffer.read(LARGEST))
    if report is None:
        raise NotReturned
    here = session(context).runtime
    apply_reports(here.engine, here.timeouts, [report])
    console().print(f"noted: {report.name}")
