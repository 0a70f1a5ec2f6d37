"""Settings are read once, checked whole, and never quote a secret."""

from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import ValidationError

from config.settings import (
    SANDBOX_SECRET,
    Settings,
    SettingsError,
    is_loopback,
    load,
)
from config.timing import FAST, PROFILES, Timing

NEEDED = {
    "DATABASE_URL": "postgresql://outreach@127.0.0.1/outreach",
    "BROKER_URL": "redis://127.0.0.1:6379/0",
    "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
    "TWILIO_AUTH_TOKEN": "a-very-secret-token",
    "SENDGRID_API_KEY": "SG.a-very-secret-key",
    "SENDGRID_WEBHOOK_KEY": "MFkw",
    "PUBLIC_URL": "https://outreach.example.com",
    "FLOWER_BASIC_AUTH": "ana:a-very-secret-password",
}
SANDBOX = {
    "TWILIO_API_URL": "http://127.0.0.1:9000",
    "SENDGRID_API_URL": "http://localhost:9000",
}

SetUp = Callable[..., None]


@pytest.fixture
def set_up(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> SetUp:
    """Puts settings into the environment, in a directory without a `.env`."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STATE_DIR", str(tmp_path / "state"))

    def fill(**values: str) -> None:
        for name, value in values.items():
            monkeypatch.setenv(name, value)

    return fill


def faults(set_up: SetUp, **values: str) -> list[str]:
    set_up(**(NEEDED | values))
    with pytest.raises(SettingsError) as raised:
        load()
    return raised.value.faults


def test_what_is_needed_is_enough(set_up: SetUp) -> None:
    set_up(**NEEDED)

    settings = load()

    assert settings.database_url == "postgresql+psycopg://outreach@127.0.0.1/outreach"
    assert settings.timing == Timing()


def test_everything_that_is_missing_is_named_at_once(set_up: SetUp) -> None:
    set_up()
    with pytest.raises(SettingsError) as raised:
        load()

    for name in NEEDED:
        assert any(fault.startswith(f"{name} is not set (") for fault in raised.value.faults)
    assert len(raised.value.faults) == len(NEEDED)


def test_several_faults_are_told_together(set_up: SetUp) -> None:
    told = faults(set_up, BROKER_URL="http://127.0.0.1", WEB_PORT="0", LOG_LEVEL="LOUD")

    assert {fault.partition(":")[0] for fault in told} == {"BROKER_URL", "WEB_PORT", "LOG_LEVEL"}


WRONG = {
    "WEBHOOK_SECRET": "whsec_a-very-secret-key",
    "DATABASE_URL": "mysql://x:hunter2@db/x",
    "BROKER_URL": "kafka://x:hunter2@broker",
    "PUBLIC_URL": "ftp://x:hunter2@host",
    "TWILIO_API_URL": "hunter2",
    "CHUNK_SIZE": "hunter2",
    "PROFILE": "hunter2",
}


@pytest.mark.parametrize(("name", "value"), WRONG.items(), ids=WRONG)
def test_a_fault_names_its_setting_and_never_its_value(
    set_up: SetUp, name: str, value: str
) -> None:
    [fault] = faults(set_up, **{name: value})

    assert fault.startswith(f"{name}: ")
    assert "hunter2" not in fault


def test_no_secret_is_shown(set_up: SetUp) -> None:
    set_up(**NEEDED)

    assert "a-very-secret" not in repr(load())


def test_an_empty_setting_is_one_that_is_not_set(set_up: SetUp) -> None:
    [fault] = faults(set_up, TWILIO_AUTH_TOKEN="")

    assert fault.startswith("TWILIO_AUTH_TOKEN is not set")


def test_the_environment_wins_over_the_files_and_one_file_over_the_other(
    set_up: SetUp, tmp_path: Path
) -> None:
    set_up(**NEEDED, CHUNK_SIZE="10", OUTREACH_ENV_FILE=".env")
    (tmp_path / "state").mkdir()
    run = "CHUNK_SIZE=30\nFLUSH_ROWS=30\nWEB_PORT=8030\n"
    (tmp_path / "state" / "run.env").write_text(run, encoding="utf-8")
    (tmp_path / ".env").write_text("CHUNK_SIZE=20\nFLUSH_ROWS=20\n", encoding="utf-8")

    settings = load()

    assert (settings.chunk_size, settings.flush_rows, settings.web_port) == (10, 20, 8030)


@pytest.mark.parametrize("outside", ["TWILIO_API_URL", "SENDGRID_API_URL"])
def test_the_fast_profile_is_for_loopback_only(set_up: SetUp, outside: str) -> None:
    addresses = SANDBOX | {outside: "https://api.example.com"}

    [fault] = faults(set_up, PROFILE="fast", **addresses)

    assert "PROFILE=fast" in fault
    assert outside in fault


def test_the_fast_profile_is_taken_on_loopback(set_up: SetUp) -> None:
    set_up(**NEEDED, **SANDBOX, PROFILE="fast")

    assert load().timing == FAST


@pytest.mark.parametrize("secret", ["TWILIO_AUTH_TOKEN", "SENDGRID_API_KEY"])
def test_the_sandbox_secrets_never_leave_the_machine(set_up: SetUp, secret: str) -> None:
    [fault] = faults(set_up, **{secret: SANDBOX_SECRET})

    assert "sandbox" in fault


@pytest.mark.parametrize(
    ("url", "loopback"),
    [
        ("http://127.0.0.1:9000", True),
        ("http://localhost", True),
        ("http://[::1]:9000", True),
        ("https://api.twilio.com", False),
        ("http://127.0.0.1.example.com", False),
        ("http://localhost@example.com", False),
    ],
)
def test_loopback_is_told_from_what_looks_like_it(url: str, loopback: bool) -> None:
    assert is_loopback(url) is loopback


UNSAFE = {
    "a lease that ends before the send window": {"lease": 5.0},
    "absence proven before a freeze of a lease is over": {"lease": 160.0},
    "connecting may take longer than the whole answer": {"connect_timeout": 40.0},
    "giving up before the questions are asked": {"give_up": 200.0},
    "a mail given up before its answer": {"mail_doubt": 60.0},
    "waiting for who answered longer than for the call": {"verdict_wait": 90_000.0},
    "one empty look as proof": {"empty_looks": 1},
    "no time to send": {"send_window": 0.0},
    "a name nobody knows": {"naptime": 1.0},
}


@pytest.mark.parametrize("values", UNSAFE.values(), ids=UNSAFE)
def test_unsafe_durations_are_refused(values: dict[str, float]) -> None:
    with pytest.raises(ValidationError):
        Timing.model_validate(values)


@pytest.mark.parametrize("profile", PROFILES)
def test_every_profile_is_safe(profile: str) -> None:
    assert Timing(**PROFILES[profile].model_dump()) == PROFILES[profile]


def test_what_is_private_needs_a_port_of_its_own(set_up: SetUp) -> None:
    [fault] = faults(set_up, API_PORT="8080")

    assert "API_PORT" in fault
    assert "WEB_PORT" in fault


def test_every_setting_is_described() -> None:
    for name, field in Settings.model_fields.items():
        assert field.description, name


def test_no_setting_is_judged_in_words_of_the_library(set_up: SetUp) -> None:
    for name in Settings.model_fields:
        for value in ("abc", "-1", "1.5", "nan", "9" * 30, "\x7f"):
            for fault in _judged(set_up, name.upper(), value):
                assert "nput should" not in fault, (name, value, fault)
                assert "Value error" not in fault, (name, value, fault)
                assert "this setting takes" not in fault, (name, value, fault)


def _judged(set_up: SetUp, name: str, value: str) -> list[str]:
    set_up(**(NEEDED | {name: value}))
    try:
        load()
    except SettingsError as error:
        return error.faults
    return []
