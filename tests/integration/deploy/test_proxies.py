"""Behind each proxy of the examples a provider's signature still holds, and a forged one does not."""

import re
import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPSConnection
from pathlib import Path
from urllib.parse import urlencode
from uuid import uuid4

import pytest
from twilio.request_validator import RequestValidator

from tests.doors import running, settings
from tests.sessions import eventually
from worker.local.ports import free_port

PROXIES = Path(__file__).parents[3] / "config" / "deploy" / "proxies"
HOST = "outreach.example.com"
PUBLIC = f"https://{HOST}"
ADDRESS = "127.0.0.1"
FORM = "application/x-www-form-urlencoded"
DEADLINE = 60.0
MISSING = {name for name in ("nginx", "caddy", "openssl") if shutil.which(name) is None}


@pytest.fixture
def web_port(durable: None, database_url: str, broker_url: str, tmp_path: Path) -> Iterator[int]:
    """The public door as a process, which knows itself by the name of the examples."""
    port = free_port()
    environment = settings(database_url, broker_url, tmp_path / "state") | {
        "WEB_PORT": str(port),
        "PUBLIC_URL": PUBLIC,
        "TWILIO_AUTH_TOKEN": "a-token",
    }
    (tmp_path / "state").mkdir()
    with running(("-m", "worker.web"), environment, tmp_path / "web"):
        yield port


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate that nobody signed, and its key beside it."""
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1"),
            *("-subj", f"/CN={HOST}", "-addext", f"subjectAltName=DNS:{HOST}"),
            *("-out", str(tmp_path / "outreach.pem"), "-keyout", str(tmp_path / "outreach.key")),
        ],
        check=True,
        capture_output=True,
    )
    return tmp_path / "outreach.pem"


@pytest.mark.skipif("nginx" in MISSING, reason="nginx is not here: .ci/run brings it")
def test_signatures_hold_behind_nginx(web_port: int, certificate: Path, tmp_path: Path) -> None:
    port, example = free_port(), (PROXIES / "nginx.conf").read_text("utf-8")
    server = (
        example.replace("listen 443", f"listen 127.0.0.1:{port}")
        .replace("127.0.0.1:8080", f"127.0.0.1:{web_port}")
        .replace("/etc/ssl/certs/outreach.pem", str(certificate))
        .replace("/etc/ssl/private/outreach.key", str(certificate.with_suffix(".key")))
    )
    folders = "".join(
        f"{kind}_temp_path {tmp_path}/{kind};\n"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (tmp_path / "nginx.conf").write_text(
        f"daemon off; pid {tmp_path}/pid; error_log stderr;\nevents {{}}\n"
        f"http {{ access_log off;\n{folders}{server}}}\n",
        "utf-8",
    )

    with serving(["nginx", "-e", "stderr", "-c", str(tmp_path / "nginx.conf")], tmp_path / "proxy"):
        judge_the_door(port)


@pytest.mark.skipif("caddy" in MISSING, reason="caddy is not here: .ci/run brings it")
def test_signatures_hold_behind_caddy(web_port: int, certificate: Path, tmp_path: Path) -> None:
    port, example = free_port(), (PROXIES / "Caddyfile").read_text("utf-8")
    site = re.sub(
        rf"(?m)^{HOST} {{$",
        f"https://{HOST}:{port} {{\n\tbind 127.0.0.1\n\ttls {certificate} {certificate.with_suffix('.key')}",
        example,
    ).replace("127.0.0.1:8080", f"127.0.0.1:{web_port}")
    (tmp_path / "Caddyfile").write_text(
        f"{{\n\tadmin off\n\tauto_https disable_redirects\n\tstorage file_system {tmp_path}\n}}\n{site}",
        "utf-8",
    )

    command = ["caddy", "run", "--config", str(tmp_path / "Caddyfile"), "--adapter", "caddyfile"]
    with serving(command, tmp_path / "proxy"):
        judge_the_door(port)


def judge_the_door(port: int) -> None:
    path = f"/callbacks/voice/{uuid4()}?kind=status"
    form = {"CallSid": "CA" + "0" * 32, "CallStatus": "completed", "Ä": "ö&="}
    signature = RequestValidator("a-token").compute_signature(f"{PUBLIC}{path}", form)
    eventually(lambda: ask(port, "/health/live") == 200, DEADLINE)

    assert ask(port, path, form, signature) == 204
    assert ask(port, path, form | {"CallStatus": "busy"}, signature) == 403
    assert ask(port, path, {"a": "b" * 3_000_000}, signature) == 413
    assert ask(port, "/metrics") == 404


def ask(port: int, path: str, form: dict[str, str] | None = None, signature: str = "") -> int:
    """The status; 0 while nothing listens."""
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    headers = {"Content-Type": FORM, "X-Twilio-Signature": signature}
    body = urlencode(form) if form is not None else None
    try:
        with (
            socket.create_connection((ADDRESS, port), 20) as plain,
            trusting.wrap_socket(plain, server_hostname=HOST) as shut,
        ):
            asked = HTTPSConnection(HOST, port)
            asked.sock = shut
            asked.request("GET" if body is None else "POST", path, body, headers)
            return asked.getresponse().status
    except OSError:
        return 0


@contextmanager
def serving(command: list[str], output: Path) -> Iterator[None]:
    with output.open("wb") as sink:
        process = subprocess.Popen(command, stdout=sink, stderr=sink)
        try:
            yield
        finally:
            process.terminate()
            process.wait(30)
