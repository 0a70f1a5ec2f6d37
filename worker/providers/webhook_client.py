"""Posting events to addresses that strangers chose: only where the public internet is meant."""

import socket
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any
from urllib.parse import urlsplit

from aiohttp import (
    ClientConnectorError,
    ClientError,
    ClientSession,
    ClientTimeout,
    DummyCookieJar,
    TCPConnector,
)
from aiohttp.abc import AbstractResolver

# Python calls these global, and each can carry a private address inside: translated by NAT64, tunnelled
# by 6to4 and Teredo. The last is the old site-local range.
NOT_SO_GLOBAL = tuple(
    map(ip_network, ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32", "fec0::/10"))
)
NOT_PUBLIC = "its address is not public"


class NotPublic(OSError):
    """The connection would go to an address that only we can reach."""

    def __init__(self) -> None:
        super().__init__(NOT_PUBLIC)


@dataclass(frozen=True, slots=True)
class WebhookReply:
    """A receiver's answer: its status code in a word, or why there is none."""

    delivered: bool
    answer: str


def is_public(address: str) -> bool:
    """Return whether an IP address belongs to the public internet, and to one host there."""
    ip: IPv4Address | IPv6Address = ip_address(address.partition("%")[0])
    if isinstance(ip, IPv6Address) and ip.ipv4_mapped:
        ip = ip.ipv4_mapped
    odd = ip.is_private or ip.is_multicast or ip.is_reserved or ip.is_unspecified
    carrier = any(ip.version == net.version and ip in net for net in NOT_SO_GLOBAL)
    return ip.is_global and not odd and not carrier


class WebhookClient:
    """The way to all receivers. Use inside a running event loop; close it at the end.

    The last thing before a connection is the socket, made for one resolved address: there the address
    is judged, so that no spelling of a host, no second answer of its name server gets past.
    """

    def __init__(
        self,
        *,
        timeout: float,
        allow_private: bool,
        resolver: AbstractResolver | None = None,
    ) -> None:
        """A resolver of one's own, or the system's. `timeout` in seconds is for the whole exchange."""
        self._allow_private = allow_private
        self._session = ClientSession(
            connector=TCPConnector(
                resolver=resolver,
                use_dns_cache=False,
                force_close=True,
                limit=0,
                socket_factory=self._socket,
            ),
            timeout=ClientTimeout(total=timeout),
            cookie_jar=DummyCookieJar(),
            trust_env=False,
            auto_decompress=False,
        )

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> WebhookReply:
        """Post once. Redirects are not followed and nothing of the answer's body is read."""
        if urlsplit(url).scheme != "https" and not self._allow_private:
            return WebhookReply(False, "only https is allowed")
        try:
            async with self._session.post(
                url, data=body, headers=headers, allow_redirects=False
            ) as answer:
                return WebhookReply(200 <= answer.status < 300, str(answer.status))
        except TimeoutError:
            return WebhookReply(False, "no answer in time")
        except ClientConnectorError as error:
            refused = isinstance(error.os_error, NotPublic)
            return WebhookReply(False, NOT_PUBLIC if refused else "no connection")
        except (ClientError, OSError, ValueError):
            return WebhookReply(False, "the connection broke")

    async def close(self) -> None:
        """Let go of every connection."""
        await self._session.close()

    def _socket(self, found: tuple[Any, ...]) -> socket.socket:
        family, kind, protocol, _, address = found
        if not self._allow_private and not is_public(address[0]):
            raise NotPublic
        made = socket.socket(family, kind, protocol)
        made.setblocking(False)
        return made
