"""`outreach unsubscribe`: mail that asks to be left alone, from the mailbox that gets it."""

import sys

import typer

from worker.cli.context import session
from worker.cli.printing import console
from worker.desk.opt_outs import unsubscribe_by_mail
from worker.dispatch.apply_reports import apply_reports
from worker.domain.errors import Mistake
from worker.providers.email import unsubscribe_report
from worker.providers.list_unsubscribe import read_unsubscribing

LARGEST = 1024 * 1024
"""Bytes that are read of a mail: its head says all."""


class AsksNothing(Mistake):
    """It asks for nothing, or by a token that no mail of ours has."""

    def __init__(self) -> None:
        super().__init__("this mail does not ask to be left alone by a mail of ours")


def unsubscribe(context: typer.Context) -> None:
    """Read a mail that asks to be left alone from standard input, and suppress who wrote it."""
    token = read_unsubscribing(sys.stdin.buffer.read(LARGEST))
    if token is None:
        raise AsksNothing
    here = session(context).runtime
    found = unsubscribe_by_mail(here.engine, token)
    if found is None:
        raise AsksNothing
    if not found.archived:  # who answers proves that the mail was delivered
        apply_reports(here.engine, here.timeouts, [unsubscribe_report(token)])
    console().print("suppressed")
