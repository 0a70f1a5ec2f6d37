"""Settings are read once, checked whole, and never quote a secret."""

import fcntl
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from psycopg.pq import Conninfo
from pydantic import ValidationError

from config.address_parameters import POSTGRES
from config.addresses import is_loopback
from config.settings import (
    LOCK_FILE,
    RUN_FILE,
    SANDBOX_SECRET,
    Settings,
    SettingsError,
    load,
    read_given,
)
from config.timing import FAST, PROFILES, Timing
from tests.keys import PUBLIC_KEY
from worker.local.environment import environment_file

NEEDED = {
    "DATABASE_URL": "postgresql://outreach@127.0.0.1/outreach",
    "BROKER_URL": "redis://127.0.0.1:6379/0",
    "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
    "TWILIO_AUTH_TOKEN": "a-very-secret-token",
    "SENDGRID_API_KEY": "SG.a-very-secret-key",
    "SENDGRID_WEBHOOK_KEY": PUBLIC_KEY,
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
    "WEB_PORT": "hunter2",
    "FLOWER_PORT": "70000",
    "FLOWER_BASIC_AUTH": "hunter2",
    "SENDGRID_WEBHOOK_KEY": "hunter2",
    "SENDGRID_API_URL": "https://me:hunter2@host:port",
    "LIMITS_URL": "amqp://me:hunter2@host",
}
UNESCAPED = ["hun/ter2", "hun#ter2", "hun?ter2", "hun@ter2", "hun ter2", "hun:ter2/", "1?2", "hün"]
ADDRESSES = {
    "DATABASE_URL": "postgresql://me:{}@127.0.0.1/x",
    "BROKER_URL": "redis://me:{}@127.0.0.1:6379/0",
    "LIMITS_URL": "redis://:{}@127.0.0.1:6379/0",
    "PUBLIC_URL": "https://me:{}@example.com",
}
OF_POSTGRES = [
    f"postgresql://h/x?{parameters}"
    for parameters in (
        *("sslmode=on", "sslmode=", "sslmode=REQUIRE", "sslmod=require", "pool_size=5"),
        *("connect_timeout=5s", "target_session_attrs=rw", "channel_binding=yes", "keepalives=on"),
    )
]
OF_REDIS = [
    f"rediss://h/0?{parameters}"
    for parameters in (
        *("ssl_cert_reqs=CERT_NONE", "ssl_cert_reqs=", "socket_timeout=5s", "ssl=true"),
        *("health_check_interval=x", "ssl_check_hostname=maybe", "db=one"),
    )
]
NO_PLACES = {
    "DATABASE_URL": [
        "postgresql://h:abc/x",
        "postgresql://h:70000/x",
        "postgresql:///x",
        "x",
        *OF_POSTGRES,
    ],
    "BROKER_URL": [
        *OF_REDIS,
        "redis://",
        "redis://h:0/0",
        "redis://h/name",
        "redis://h/0/1",
        "amqp://h:x",
    ],
    "LIMITS_URL": ["redis://h:70000", "http://h"],
    "PUBLIC_URL": ["https://", "https://h:abc", "https://h/?x=1", "h.example.com", "https://[::1"],
    "FLOWER_BASIC_AUTH": ["ana", ":x", "ana:", "ana:x,ben"],
    "SENDGRID_WEBHOOK_KEY": ["MFkw", "a key", f"{PUBLIC_KEY},", PUBLIC_KEY[:-8]],
    "TWILIO_ACCOUNT_SID": ["AC", "SK" + "0" * 32, "../" + "0" * 31, "AC" + "0" * 32 + "\n"],
    "TWILIO_AUTH_TOKEN": ["hunter2\n", "hun ter2", "hünter2", "\t"],
    "TWILIO_PREVIOUS_AUTH_TOKEN": ["hunter2\r\n"],
    "SENDGRID_API_KEY": ["SG.hunter2\n", "SG hunter2"],
    "API_HOST": ["999.1.1.1", "[::1]", "a b", "*", "host:80", "-"],
    "WEB_HOST": ["http://host"],
    "WEB_PORT": ["abc", "70000", "0", "8080.5"],
    "OPERATOR_EMAIL": ["ana", "@", "ana@", "a na@example.com"],
    "SMTP_RETURN_PATH": ["bounces"],
    "NAMESPACE": ["two words", "Second", "a:b", "a*", "ä", "a.b", "a" * 41],
}


@pytest.mark.parametrize(("name", "value"), WRONG.items(), ids=WRONG)
def test_a_fault_names_its_setting_and_never_its_value(
    set_up: SetUp, name: str, value: str
) -> None:
    [fault] = faults(set_up, **{name: value})

    assert fault.startswith(f"{name}: ")
    assert "hunter2" not in fault


SHAPES = {
    "NAMESPACE": ("Second", "must be of small letters, digits and hyphens"),
    "TRUSTED_USER_HEADER": (
        "X User",
        "must be the name of a header, of letters, digits and hyphens",
    ),
    "UNSUBSCRIBE_MAILBOX": (
        "Stop <stop@example.com>",
        "must be one mailbox without a name, like stop@example.com",
    ),
}


@pytest.mark.parametrize("name", SHAPES)
def test_what_has_a_shape_is_asked_for_in_the_words_of_its_own(set_up: SetUp, name: str) -> None:
    value, said = SHAPES[name]

    assert f"{name}: {said}" in faults(set_up, **{name: value})


@pytest.mark.parametrize(("name", "address"), ADDRESSES.items(), ids=ADDRESSES)
@pytest.mark.parametrize("password", UNESCAPED)
def test_a_password_that_tears_its_address_apart_is_never_told_in_pieces(
    set_up: SetUp, name: str, address: str, password: str
) -> None:
    [fault] = faults(set_up, **{name: address.format(password)})

    assert fault.startswith(f"{name}: must be ")
    assert "hun" not in fault
    assert "ter2" not in fault


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, some in NO_PLACES.items() for value in some]
)
def test_what_would_only_fail_later_is_told_at_the_start(
    set_up: SetUp, name: str, value: str
) -> None:
    [fault] = faults(set_up, **{name: value})

    assert fault.startswith(f"{name}: must be ")


PLACES = {
    "DATABASE_URL": [
        "postgresql://me:p%40ss%2F@db:5432/x?sslmode=require",
        "postgresql:///x?host=/var/run/postgresql",
        "postgresql://h/x?sslmode=verify-full&sslrootcert=/ca.pem&connect_timeout=3&keepalives=1",
        "postgresql://me@/x?host=a:5432&host=b:5432&target_session_attrs=read-write",
    ],
    "BROKER_URL": ["rediss://:pass@h:6380/1?ssl_cert_reqs=none", "redis://h", "redis://[::1]:1/0"],
    "PUBLIC_URL": ["https://h/under/a/path/", "http://[::1]:8080"],
    "FLOWER_BASIC_AUTH": ["ana:a:b", "ana:x,ben:y"],
    "SENDGRID_WEBHOOK_KEY": [PUBLIC_KEY, f"{PUBLIC_KEY}, {PUBLIC_KEY}"],
}


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, some in PLACES.items() for value in some]
)
def test_what_is_right_is_taken(set_up: SetUp, name: str, value: str) -> None:
    set_up(**NEEDED | {name: value})

    load()


def test_every_parameter_of_the_driver_is_known() -> None:
    """But one: a connection for replication understands no statement of ours."""
    known = {option.keyword.decode() for option in Conninfo.get_defaults()}

    assert known - POSTGRES.keys() <= {"replication"}


def test_no_secret_is_shown(set_up: SetUp) -> None:
    set_up(**NEEDED)

    assert "a-very-secret" not in repr(load())


def test_an_empty_setting_is_one_that_is_not_set(set_up: SetUp) -> None:
    [fault] = faults(set_up, TWILIO_AUTH_TOKEN="")

    assert fault.startswith("TWILIO_AUTH_TOKEN is not set")


@pytest.fixture
def run_file(tmp_path: Path) -> Path:
    """What a house wrote down for other terminals."""
    (tmp_path / "state").mkdir()
    file = tmp_path / "state" / RUN_FILE
    file.write_text("CHUNK_SIZE=30\nFLUSH_ROWS=30\nWEB_PORT=8030\n", encoding="utf-8")
    (tmp_path / ".env").write_text(
        "CHUNK_SIZE=20\nFLUSH_ROWS=20\nMAIL_GROUP=20\n", encoding="utf-8"
    )
    return file


def test_the_environment_wins_and_a_house_that_runs_stands_in_place_of_the_file(
    set_up: SetUp, run_file: Path
) -> None:
    set_up(**NEEDED, CHUNK_SIZE="10", OUTREACH_ENV_FILE=".env")

    with run_file.with_name(LOCK_FILE).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        found = load()

    chosen = (found.chunk_size, found.flush_rows, found.web_port, found.mail_group)
    assert chosen == (10, 30, 8030, 1000)


@pytest.mark.usefixtures("run_file")
def test_what_a_house_left_behind_that_was_killed_counts_for_nothing(set_up: SetUp) -> None:
    set_up(**NEEDED, OUTREACH_ENV_FILE=".env")

    assert (load().flush_rows, load().web_port) == (20, 8080)


def test_a_file_that_cannot_be_read_is_told(set_up: SetUp, tmp_path: Path) -> None:
    set_up(**NEEDED, OUTREACH_ENV_FILE="own.env")
    (tmp_path / "own.env").write_bytes(b"TWILIO_AUTH_TOKEN=\xff\xfe")

    with pytest.raises(SettingsError, match=r"own\.env can't be read \(UnicodeDecodeError\)"):
        load()


TRYING = [
    "plain",
    "a # b",
    "it's",
    'say "so"',
    "$HOME and ${HOME}",
    "\\n \\",
    "end\\",
    "a=b",
    " x ",
]


@pytest.mark.parametrize("value", TRYING)
def test_a_house_writes_down_what_others_read(set_up: SetUp, tmp_path: Path, value: str) -> None:
    state_dir = tmp_path / "state"
    state_dir.mkdir()
    set_up(OUTREACH_ENV_FILE=os.devnull)

    with environment_file(state_dir, {"TWILIO_AUTH_TOKEN": value, "PATH": "no setting"}):
        with (state_dir / LOCK_FILE).open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            assert read_given() == {"TWILIO_AUTH_TOKEN": value, "STATE_DIR": str(state_dir)}
        assert (state_dir / RUN_FILE).stat().st_mode & 0o077 == 0


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
        ("postgresql://127.0.0.1/x?host=db.internal", False),
        ("postgresql:///x?hostaddr=10.0.0.1", False),
        ("http://[127.0.0.1", False),
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
    "waiting for who answered longer than for the call": {"answered_by_wait": 90_000.0},
    "one empty look as proof": {"empty_lookups": 1},
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
