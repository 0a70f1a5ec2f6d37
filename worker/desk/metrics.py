"""How the whole is doing, in figures an alert can rest on."""

from collections.abc import Mapping
from dataclasses import dataclass

import structlog

from worker.store import figures, tallies
from worker.store.connect import Connection, Engine, in_transaction
from worker.store.figures import Figures

__all__ = ["Figures", "Moment", "read_figures", "read_moment"]

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Moment:
    """What the database knows at one moment: how things stand, and what was ever counted, by name."""

    figures: Figures
    tallies: Mapping[str, int]


def read_figures(engine: Engine) -> Figures:
    """The figures of this moment."""
    return in_transaction(engine, figures.read)


def read_moment(engine: Engine) -> Moment | None:
    """Figures and tallies; None while the database does not answer."""

    def step(connection: Connection) -> Moment:
        return Moment(figures.read(connection), tallies.read(connection))

    try:
        return in_transaction(engine, step)
    except Exception as error:  # noqa: BLE001  whoever watches is told just that, not nothing
        log.warning("figures_unavailable", error=type(error).__name__)
        return None
