"""A line of a Procfile runs as a fork, and nobody inside or outside can tell."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.doors import UNCOUNTED
from worker.local.forks import words_of

ROOT = Path(__file__).parents[3]

ASKED = """
import atexit, json, os, signal, sys
atexit.register(print, '{"left": true}')
command = open("/proc/self/cmdline").read().rstrip("\\0").split("\\0")
print(json.dumps({
    "argv": sys.argv[1:], "name": __name__, "command": command, "setting": os.environ["SETTING"],
    "leads": os.getpgid(0) == os.getpid(), "term": signal.getsignal(signal.SIGTERM) == signal.SIG_DFL,
    "files": sorted(os.listdir("/dev/fd"), key=int)[:3], "more": len(os.listdir("/dev/fd")) - 4,
    "frozen": __import__("gc").get_freeze_count() > 0, "shared": "worker.web.app" in sys.modules,
}))
"""
ENDS = {
    "sys.exit()": 0,
    "sys.exit(3)": 3,
    "sys.exit('in words')": 1,
    "raise RuntimeError('unforeseen')": 1,
    "os.kill(os.getpid(), signal.SIGTERM)": -signal.SIGTERM,
    "threading.Timer(0.1, print, ['waited for']).start()": 0,
}
RUN_EACH = """
import json, os, sys
from worker.local.forks import Fork
for name in sys.argv[1:]:
    fork = Fork([name], name, env=os.environ, cwd=None)
    said = fork.stdout.read().decode()
    fork.wait()
    print(json.dumps([said, fork.returncode]))
"""
WHO_FORKS = """
import json, os, sys
from worker.local.forks import make_ready
make_ready()
threads, files = os.listdir("/proc/self/task"), os.listdir("/dev/fd")
print(json.dumps({"threads": len(threads), "files": len(files) - 1}))
"""


def run_lines(folder: Path, *lines: str) -> subprocess.CompletedProcess[str]:
    """A Procfile of these lines, to its end; modules of the folder can be named in it."""
    file = folder / "Procfile"
    file.write_text("".join(f"line{n}: {line}\n" for n, line in enumerate(lines)), encoding="utf-8")
    command = [sys.executable, "-m", "worker.local.procfile", str(file)]
    env = os.environ | {"PYTHONPATH": str(folder), "SETTING": "as given", "PYTHONUNBUFFERED": "1"}
    return subprocess.run(
        command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=60, check=False
    )


def said(ran: subprocess.CompletedProcess[str]) -> list[str]:
    """What the processes of a Procfile wrote."""
    events = map(json.loads, ran.stdout.splitlines())
    return [one["event"] for one in events if one["logger"] == "output"]


def test_a_module_finds_itself_a_program_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "asked.py").write_text(ASKED, encoding="utf-8")

    ran = run_lines(tmp_path, "exec python -m asked --twice 'two words'")

    about, left = map(json.loads, said(ran))
    assert about == {
        "argv": ["--twice", "two words"],
        "name": "__main__",
        "command": ["python", "-m", "asked", "--twice", "two words"],
        "setting": "as given",
        "leads": True,
        "term": True,
        "files": ["0", "1", "2"],
        "more": 0,
        "frozen": True,
        "shared": True,
    }
    assert left == {"left": True}


def test_it_ends_as_python_ends(tmp_path: Path) -> None:
    for number, line in enumerate(ENDS):
        text = f"import os, signal, sys, threading\n{line}\n"
        (tmp_path / f"end{number}.py").write_text(text, encoding="utf-8")

    asked = ask(RUN_EACH, *(f"end{n}" for n in range(len(ENDS))), PYTHONPATH=str(tmp_path))

    ended = [json.loads(line) for line in asked.splitlines()]
    assert [code for _, code in ended] == list(ENDS.values())
    texts = [text for text, _ in ended]
    assert texts[2] == "in words\n"
    assert texts[3].endswith("RuntimeError: unforeseen\n")
    assert texts[5] == "waited for\n"


def test_who_forks_has_no_thread_and_no_open_file() -> None:
    assert json.loads(ask(WHO_FORKS)) == {"threads": 1, "files": 3}


def ask(program: str, *words: str, **settings: str) -> str:
    """What a Python program prints."""
    ran = subprocess.run(
        [sys.executable, "-c", program, *words],
        cwd=ROOT,
        env=os.environ | UNCOUNTED | settings,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return ran.stdout


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("exec python -m tasks.process voice", ["tasks.process", "voice"]),
        ("exec python -m tasks.process flower", []),
        ("echo 'exec python -m tasks.scheduler'", []),
        ("exec python tasks/scheduler.py", []),
    ],
)
def test_what_is_no_module_of_ours_is_left_to_a_shell(line: str, words: list[str]) -> None:
    assert words_of(line) == words
