"""`outreach watchdog`: the alerts that ship, without Prometheus."""

import signal
from threading import Event
from typing import Annotated

import typer

from config import logs
from worker.cli.context import screen, session
from worker.cli.printing import facts_table
from worker.desk.alarm_bell import AlarmBell
from worker.desk.watchdog import Watchdog
from worker.domain.alerts.incidents import Incident
from worker.domain.errors import Mistake
from worker.providers.notices import is_understood
from worker.runtime import Runtime


class NobodyToTell(Mistake):
    """A watchdog that barks for nobody."""

    def __init__(self) -> None:
        super().__init__("set WATCHDOG_WEBHOOK or WATCHDOG_TELL: nobody would be told")


class NotUnderstood(Mistake):
    """An address of WATCHDOG_TELL is none; it may hold a password, so its place is told."""

    def __init__(self, place: int) -> None:
        super().__init__(f"WATCHDOG_TELL: the address at place {place} is none that apprise knows")


class NoSecret(Mistake):
    """No secret: what is posted is signed."""

    def __init__(self) -> None:
        super().__init__("WATCHDOG_WEBHOOK: set WEBHOOK_SECRET, which signs what it is told")


def watchdog(
    context: typer.Context,
    *,
    every: Annotated[float, typer.Option(min=1, help="Seconds between looks.")] = 10.0,
    once: Annotated[
        bool, typer.Option("--once", help="Look once, print what holds, tell nobody.")
    ] = False,
) -> None:
    """Judge the alerts that ship from the database, and tell by webhook, mail or chat what holds."""
    here = session(context).runtime
    dog = Watchdog(here.engine, here.settings.state_dir)
    if once:
        dog.look()
        found = [(one.key, one.sentence) for one in dog.incidents.open.values()]
        screen(context).print(facts_table("Alerts that hold", found or [("none", "all is well")]))
        raise typer.Exit(1 if found else 0)
    bell, stop = _bell(here), Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    logs.set_up(here.settings.log_level, "watchdog")
    while not stop.is_set():
        for one in dog.look():
            _tell(dog, bell, one)
        stop.wait(every)


def _tell(dog: Watchdog, bell: AlarmBell, one: Incident) -> None:
    if bell.ring(one):
        dog.note_told(one)
    else:
        dog.keep()


def _bell(here: Runtime) -> AlarmBell:
    settings = here.settings
    told = settings.watchdog_tell.get_secret_value() if settings.watchdog_tell else ""
    addresses = told.split()
    if not addresses and settings.watchdog_webhook is None:
        raise NobodyToTell
    if settings.watchdog_webhook is not None and not here.webhook_secrets:
        raise NoSecret
    for place, address in enumerate(addresses, 1):
        if not is_understood(address):
            raise NotUnderstood(place)
    return AlarmBell(
        settings.watchdog_webhook,
        here.webhook_secrets,
        addresses,
        timeout=settings.timing.webhook_timeout,
        allow_private=settings.webhook_allow_private,
    )
