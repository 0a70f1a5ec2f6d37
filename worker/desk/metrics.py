"""How the whole is doing, in figures an alert can rest on."""

from worker.store import figures
from worker.store.connect import Engine, in_transaction
from worker.store.figures import Figures

__all__ = ["Figures", "read_figures"]


def read_figures(engine: Engine) -> Figures:
    """The figures of this moment."""
    return in_transaction(engine, figures.read)
