"""Whether what is signed for us arrives: answered, and nothing else happens, whoever asks."""

from sqlalchemy import Engine, select

from tests.asgi import ask
from tests.integration.web.conftest import Site
from worker.store import schema

CHECK = "/callbacks/check"


def refused(site: Site) -> list[str]:
    """The counts of what was turned away."""
    lines = site.metrics().splitlines()
    return [line for line in lines if line.startswith("outreach_callbacks_refused_total")]


def test_what_is_signed_holds_and_leaves_nothing_behind(engine: Engine, site: Site) -> None:
    before = refused(site)

    assert site.tell(CHECK) == 204
    assert ask(site.door.app, "POST", CHECK, b"", {"X-Twilio-Signature": "forged"})[0] == 403
    assert ask(site.door.app, "POST", CHECK)[0] == 403

    assert refused(site) == before
    with engine.begin() as connection:
        assert connection.execute(select(schema.dead_letter)).first() is None
