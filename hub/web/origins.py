"""Under which names this hub is reached, and whether a request comes from one of its own pages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})


def is_https(public_url: str) -> bool:
    return urlsplit(public_url).scheme == "https"


def cookie_name(public_url: str) -> str:
    """`__Host-` binds the cookie to this very host, which browsers allow over https alone (RFC 6265bis §4.1.3)."""
    return "__Host-amends_session" if is_https(public_url) else "amends_session"


def is_known_host(public_url: str, host: str) -> bool:
    """Whether a Host header names us; anything else may be a rebound name (DNS rebinding)."""
    try:
        name = urlsplit(f"//{host}").hostname
    except ValueError:
        return False
    return name in LOOPBACK or (name is not None and name == urlsplit(public_url).hostname)


def is_own_origin(public_url: str, headers: Mapping[str, str], *, required: bool = False) -> bool:
    """Whether the Origin header, where a browser sent one, is ours. Programs send none; sockets of browsers always do."""
    origin = headers.get("origin")
    if origin is None:
        return not required
    host = headers.get("host", "")
    public = urlsplit(public_url)
    return origin in (f"http://{host}", f"https://{host}", f"{public.scheme}://{public.netloc}")
