"""People whom a proxy has authenticated: its header is believed from its own address, and from no other."""

from ipaddress import ip_address, ip_network

from starlette.requests import Request

from config.api_settings import ApiSettings


def name_by_proxy(request: Request, settings: ApiSettings) -> str | None:
    """Return whom the proxy names; None: no proxy is trusted, this is not it, or it names nobody.

    The address is the connection's own: whatever a client says of where it comes from is not asked.
    A header that stands there twice names nobody: one of the two may be the client's.
    """
    header, senders = settings.trusted_user_header, settings.trusted_user_from
    if header is None or senders is None or not _is_from(request, senders):
        return None
    named = request.headers.getlist(header)
    return named[0].strip() or None if len(named) == 1 else None


def is_encrypted(request: Request) -> bool:
    """Return whether the browser came over TLS. Who lies about it only loses its own cookie."""
    told = request.headers.get("x-forwarded-proto", "")
    return request.url.scheme == "https" or told.strip().lower() == "https"


def _is_from(request: Request, senders: str) -> bool:
    if request.client is None:
        return False
    try:
        here = ip_address(request.client.host)
    except ValueError:
        return False
    return any(here in ip_network(one.strip()) for one in senders.split(","))
