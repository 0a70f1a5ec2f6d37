"""In which order tests run, and which worker runs which: by chance, but for what that would cost."""

import gc
from collections.abc import Generator
from functools import cache
from pathlib import Path

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling, Scheduling

TESTS = Path(__file__).parent


def tier(item: pytest.Item) -> str:
    """The folder a test stands in."""
    return _folder(item.path)


@cache
def _folder(path: Path) -> str:
    return path.relative_to(TESTS).parts[0]


def needs_house(item: pytest.Item) -> bool:
    """Whether a test asks for the running house, itself or through another fixture."""
    return "inhabited" in getattr(item, "fixturenames", ())


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Look for no garbage among thousands of tests, neither while they are collected nor later: all stay."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark each test by its tier, and order them.

    Tests in the house come together; what takes long is begun first by several workers.
    """
    for item in items:
        item.add_marker(tier(item))
    items.sort(key=needs_house, reverse=True)
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: tier(item) == "acceptance", reverse=True)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how to run them in this order again; quiet runs have no header that would."""
    seed = terminalreporter.config.getoption("randomly_seed", None)
    terminalreporter.write_line(f"the same order again: --randomly-seed={seed}")


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Scheduling | None:
    """Let one worker have all that needs a house."""
    return ByRoom(config, log) if config.getvalue("dist") == "loadfile" else None


class ByRoom(LoadFileScheduling):
    """File by file in the collected order; files whose tests need the house count as one."""

    def __init__(self, config: pytest.Config, log: Producer | None = None) -> None:
        config.option.loadscopereorder = False
        super().__init__(config, log)

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.split("::", 1)[0]
        return "house" if _names_house(file) else file


@cache
def _names_house(file: str) -> bool:
    return "inhabited" in (TESTS.parent / file).read_text(encoding="utf-8")
