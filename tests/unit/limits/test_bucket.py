"""The limits in a server that lives in this process; the real one is held to the same table."""

import pytest
from fakeredis import FakeRedis, FakeServer

from tests.limits import BEHAVIOURS, Behaviour, gate
from worker.domain.statuses import Channel
from worker.limits import Closed


@pytest.mark.parametrize("behaviour", BEHAVIOURS, ids=lambda behaviour: behaviour.__name__)
def test_a_fake_server_keeps_the_limits(behaviour: Behaviour) -> None:
    behaviour(FakeRedis())


def test_while_the_server_is_away_nothing_begins_and_what_is_lost_stops_nobody() -> None:
    server = FakeServer()
    client = FakeRedis(server=server)
    shared = gate(client, rate=1.0)
    shared.reserve(Channel.VOICE, "", 1)
    server.connected = False

    with pytest.raises(Closed, match="away"):
        shared.reserve(Channel.VOICE, "", 1)
    shared.return_unused(Channel.VOICE, "", reserved=1, used=0)
    shared.slow(Channel.VOICE, "", None)
