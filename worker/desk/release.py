"""The release that is installed, and all it is made of; asks nothing but the installation itself."""

import platform
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import Distribution, distributions, version

from worker.store.revisions import head

UNTOLD = "not stated"
CLASSIFIER = "License :: "
LONGEST = 80
"""Characters of a licence's name; some packages put the whole text there."""


@dataclass(frozen=True, slots=True)
class Release:
    """A version of the product, and what it runs on."""

    version: str
    schema: str
    """The revision that `db upgrade` brings a database to."""
    python: str


@dataclass(frozen=True, slots=True)
class Licensed:
    """A package of this installation, and the licence it states."""

    name: str
    version: str
    licence: str


def find_release() -> Release:
    """The release that is installed."""
    return Release(version("outreach"), head(), platform.python_version())


def list_licences() -> list[Licensed]:
    """Every package of this installation by name, each once, as its own metadata has it."""
    found = {one.name.lower(): one for one in distributions() if one.name}
    return [Licensed(one.name, one.version, find_licence(one)) for _, one in sorted(found.items())]


def find_licence(package: Distribution) -> str:
    """The licence a package states: as an expression, in a word, or by classifiers."""
    return next(_stated(package), UNTOLD)


def _stated(package: Distribution) -> Iterator[str]:
    for field in ("License-Expression", "License"):
        value = package.metadata[field].strip() if field in package.metadata else ""
        if value and len(value) <= LONGEST and "\n" not in value and value != "UNKNOWN":
            yield value
    named = [one for one in package.metadata.get_all("Classifier") or () if CLASSIFIER in one]
    if named:
        yield ", ".join(one.rpartition(" :: ")[2] for one in named)
