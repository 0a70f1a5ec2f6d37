"""A process is alive while each of its threads keeps its word, however long it said it would wait."""

import os
from pathlib import Path
from threading import Thread

import pytest

from tests.sessions import eventually
from worker import heartbeat
from worker.cli.alive import alive
from worker.heartbeat import GRACE, STALE, START, Heart, judge


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[float]:
    """The clock; hearts of the test beat in a folder of their own."""
    moment = [1_000.0]
    monkeypatch.setattr(heartbeat, "_now", lambda: moment[0])
    monkeypatch.setenv("HEARTBEAT_DIR", str(tmp_path / "hearts"))
    return moment


def wait(now: list[float], seconds: float) -> None:
    now[0] += seconds


def test_a_thread_that_says_nothing_is_missed(now: list[float]) -> None:
    heart = Heart()
    heart.watch()
    wait(now, GRACE - 1)
    assert heart.goes_on()

    wait(now, 2)

    assert not heart.goes_on()


def test_a_wait_that_was_announced_is_no_silence(now: list[float]) -> None:
    heart = Heart()
    heart.watch()
    heart.beat(60)
    wait(now, 70)
    assert heart.goes_on()

    heart.beat()
    wait(now, GRACE + 1)

    assert not heart.goes_on()


def test_a_thread_of_a_pool_is_expected_while_it_works(now: list[float]) -> None:
    heart = Heart()

    def hang() -> None:
        with heart.at_work():
            wait(now, GRACE + 1)
            assert not heart.goes_on()

    thread = Thread(target=hang)
    thread.start()
    thread.join()

    assert heart.goes_on()
    assert heart.worked_at is not None


def test_who_is_watched_anyhow_is_watched_after_its_work(now: list[float]) -> None:
    heart = Heart()
    heart.watch()
    with heart.at_work():
        heart.beat()

    wait(now, GRACE + 1)

    assert not heart.goes_on()


def test_nobody_else_speaks_for_a_thread(now: list[float]) -> None:
    heart = Heart()
    heart.watch()
    wait(now, GRACE - 1)
    other = Thread(target=heart.beat)
    other.start()
    other.join()

    wait(now, 2)

    assert not heart.goes_on()


def test_a_file_that_nobody_writes_tells(now: list[float], tmp_path: Path) -> None:
    (tmp_path / "hearts").mkdir()
    (tmp_path / "hearts" / f"voice-2.{os.getpid()}").write_text(str(now[0]), "ascii")
    assert judge("voice") == []

    wait(now, STALE + 3)

    assert judge("voice") == [f"voice (pid {os.getpid()}) stands still for {STALE + 3:.0f} s"]


def test_the_file_of_a_process_that_is_gone_is_none(now: list[float], tmp_path: Path) -> None:
    (tmp_path / "hearts").mkdir()
    (tmp_path / "hearts" / "voice.4194305").write_text(str(now[0]), "ascii")

    assert judge("voice") == ["no voice runs here"]


def test_a_folder_that_is_somebody_else_s_is_not_believed(
    now: list[float], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "hearts").symlink_to(tmp_path / "other")

    assert alive(["voice"]) == 1


def test_a_wrong_call_is_told_from_a_dead_process(now: list[float]) -> None:
    assert alive(["--voice"]) == 2
    assert alive(["--help"]) == 0
    assert alive(["voice"]) == 1


def test_a_heart_whose_thread_is_missed_writes_nothing_more(now: list[float]) -> None:
    heart = Heart()
    heart.start("voice-2")
    try:
        assert judge("voice") == []
        assert heart.kinds == ("voice",)

        wait(now, START + GRACE + 1)

        eventually(lambda: judge("voice") != [])
    finally:
        heart.stop()
    assert judge("voice") == ["no voice runs here"]
