"""A browser without a screen or a script: it keeps cookies, follows redirects, and fills in forms."""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit

from starlette.types import ASGIApp

from tests.asgi import exchange

HOST = "console.example"
HIDDEN = re.compile(r'name="form_token" value="([0-9a-f]{64})"')


@dataclass(frozen=True, slots=True)
class Seen:
    """What an address answered."""

    status: int
    headers: list[tuple[str, str]]
    text: str

    def header(self, name: str) -> str:
        """The first of this name; empty where there is none."""
        return next((value for key, value in self.headers if key == name), "")


@dataclass
class Browserless:
    """Asks an application directly."""

    app: ASGIApp
    cookies: dict[str, str] = field(default_factory=dict)
    form_token: str = ""
    address: str = "192.0.2.1"
    """Where it is."""
    always: dict[str, str] = field(default_factory=dict)
    """Headers that it, or a proxy before it, sends with everything."""
    once_more: tuple[tuple[str, str], ...] = ()
    """Headers that stand there again, beside the others."""
    told: list[str] = field(default_factory=list)
    """Every cookie as it was set."""

    def get(self, address: str) -> Seen:
        """A page; redirects are followed."""
        return self._go("GET", address, b"", {})

    def post(self, address: str, form: Mapping[str, str], **headers: str) -> Seen:
        """A form sent from the page shown last."""
        body = urlencode({"form_token": self.form_token, **form}).encode()
        kind = {"content-type": "application/x-www-form-urlencoded"}
        return self._go("POST", address, body, {"origin": f"http://{HOST}", **kind, **headers})

    def _go(self, method: str, address: str, body: bytes, headers: Mapping[str, str]) -> Seen:
        seen = asyncio.run(self._ask(method, address, body, headers))
        for name, value in seen.headers:
            if name == "set-cookie":
                self.told.append(value)
                self._keep(value)
        if found := HIDDEN.search(seen.text):
            self.form_token = found[1]
        return self.get(seen.header("location")) if seen.status == 303 else seen

    def _keep(self, cookie: str) -> None:
        name, _, rest = cookie.partition("=")
        value = rest.split(";")[0].strip('"')
        self.cookies = {**self.cookies, name: value} if value else {}

    async def _ask(
        self, method: str, address: str, body: bytes, headers: Mapping[str, str]
    ) -> Seen:
        parts = urlsplit(address)
        told = {"host": HOST, "content-length": str(len(body)), **self.always, **headers}
        if self.cookies:
            told["cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        scope = {
            "method": method,
            "scheme": "http",
            "client": (self.address, 50_000),
            "path": parts.path,
            "raw_path": parts.path.encode(),
            "query_string": parts.query.encode("latin-1"),
            "headers": [(name.encode(), value.encode("latin-1")) for name, value in told.items()]
            + [(name.encode(), value.encode("latin-1")) for name, value in self.once_more],
        }
        sent = await exchange(self.app, scope, body)
        text = b"".join(part.get("body", b"") for part in sent[1:]).decode("utf-8", "replace")
        known = [(name.decode(), value.decode("latin-1")) for name, value in sent[0]["headers"]]
        return Seen(sent[0]["status"], known, text)
