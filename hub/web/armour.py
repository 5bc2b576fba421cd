"""Around every request: known hosts only, safe headers on every answer, no internals in any error."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hub.web.origins import is_https, is_known_host
from hub.web.problems import problem, unexpected

CONTENT_SECURITY_POLICY: Final = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' data: blob:",
        "frame-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
HEADERS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=()",
}


LARGEST_BODY: Final = 2_000_000
LARGEST_UPLOAD: Final = 20 * 1024 * 1024 + 64 * 1024
"""Bytes of a request to the API; the routes of channels have limits of their own."""


def is_too_large(request: Request) -> bool:
    """Whether the caller announces more than the API takes. Who announces nothing is stopped while sending."""
    path, length = request.scope["path"], request.headers.get("content-length", "")
    most = LARGEST_UPLOAD if path == "/api/v1/uploads" else LARGEST_BODY
    return path.startswith("/api/") and length.isascii() and length.isdigit() and int(length[:18]) > most


class Armour:
    """ASGI middleware. A header that an answer set itself stays: the hosted form may be framed, the desk may not."""

    def __init__(self, app: ASGIApp, public_url: str) -> None:
        self.app = app
        self.public_url = public_url
        strict = {"Strict-Transport-Security": "max-age=31536000"} if is_https(public_url) else {}
        self.headers = {**HEADERS, **strict}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket" and not self._knows(scope):
            await send({"type": "websocket.close", "code": 1008})
        elif scope["type"] == "http":
            await self._answer(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def armoured(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                self._protect(scope, MutableHeaders(scope=message))
            await send(message)

        request = Request(scope)
        if not self._knows(scope):
            await problem(request, 400, "unknown-host")(scope, receive, armoured)
            return
        if is_too_large(request):
            await problem(request, 413, "too-large")(scope, receive, armoured)
            return
        try:
            await self.app(scope, receive, armoured)
        except Exception as broken:  # noqa: BLE001 - the outermost edge: whatever it was, the answer says nothing of it
            if not started:
                await unexpected(request, broken)(scope, receive, armoured)

    def _knows(self, scope: Scope) -> bool:
        return is_known_host(self.public_url, dict(scope["headers"]).get(b"host", b"").decode("latin-1"))

    def _protect(self, scope: Scope, headers: MutableHeaders) -> None:
        for name, value in self.headers.items():
            headers.setdefault(name, value)
        if scope["path"].startswith("/api/"):
            headers.setdefault("Cache-Control", "no-store")
