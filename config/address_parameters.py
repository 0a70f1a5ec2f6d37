"""Parameters behind an address, which its library would only stumble over when it connects."""

from collections.abc import Callable, Mapping
from urllib.parse import SplitResult, parse_qsl

Judge = Callable[[str], bool]


def _one_of(*values: str) -> Judge:
    return frozenset(values).__contains__


def _is_number(value: str) -> bool:
    return value.isascii() and value.isdecimal()


def _is_any(value: str) -> bool:
    return bool(value)


_SWITCH = _one_of("0", "1")
_DEMAND = _one_of("disable", "prefer", "require")

# https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS
POSTGRES: Mapping[str, Judge] = {
    **dict.fromkeys(["host", "hostaddr", "port", "user", "password", "dbname"], _is_any),
    **dict.fromkeys(["passfile", "service", "options", "application_name"], _is_any),
    **dict.fromkeys(["fallback_application_name", "client_encoding"], _is_any),
    **dict.fromkeys(["connect_timeout", "keepalives_idle", "keepalives_interval"], _is_number),
    **dict.fromkeys(["keepalives_count", "tcp_user_timeout"], _is_number),
    **dict.fromkeys(["sslcert", "sslkey", "sslpassword", "sslrootcert", "sslcrl"], _is_any),
    **dict.fromkeys(["sslcrldir", "krbsrvname", "require_auth", "requirepeer"], _is_any),
    **dict.fromkeys(["ssl_min_protocol_version", "ssl_max_protocol_version"], _is_any),
    **dict.fromkeys(["keepalives", "sslsni", "sslcompression", "gssdelegation"], _SWITCH),
    "sslmode": _one_of("disable", "allow", "prefer", "require", "verify-ca", "verify-full"),
    **dict.fromkeys(["oauth_issuer", "oauth_client_id", "oauth_client_secret"], _is_any),
    **dict.fromkeys(["oauth_scope", "scram_client_key", "scram_server_key"], _is_any),
    **dict.fromkeys(["min_protocol_version", "max_protocol_version"], _is_any),
    **dict.fromkeys(["gsslib", "sslkeylogfile"], _is_any),
    "sslcertmode": _one_of("disable", "allow", "require"),
    "sslnegotiation": _one_of("postgres", "direct"),
    "channel_binding": _DEMAND,
    "gssencmode": _DEMAND,
    "load_balance_hosts": _one_of("disable", "random"),
    "target_session_attrs": _one_of(
        *("any", "read-write", "read-only", "primary", "standby", "prefer-standby")
    ),
}

# https://redis-py.readthedocs.io/en/stable/connections.html
REDIS: Mapping[str, Judge] = {
    **dict.fromkeys(["ssl_ca_certs", "ssl_ca_path", "ssl_certfile", "ssl_keyfile"], _is_any),
    **dict.fromkeys(["ssl_password", "client_name"], _is_any),
    **dict.fromkeys(["health_check_interval", "max_connections"], _is_number),
    **dict.fromkeys(["socket_timeout", "socket_connect_timeout"], _is_number),
    "ssl_cert_reqs": _one_of("none", "optional", "required"),
    "ssl_check_hostname": _one_of("true", "false"),
}


def refuse_unfit(parts: SplitResult, known: Mapping[str, Judge], sentence: str) -> None:
    """Judge what stands behind the question mark; a value may be a secret, and is not told.

    Raises:
        ValueError: a parameter has a value that it can't have, or nobody knows it.
    """
    for name, value in parse_qsl(parts.query, keep_blank_values=True):
        if name not in known:
            raise ValueError(f"{sentence} without a parameter that nobody knows")
        if not known[name](value):
            raise ValueError(f"{sentence} with a value of {name} that there is")
