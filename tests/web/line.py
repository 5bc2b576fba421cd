"""A WebSocket to the application without a network: what a browser would send and hear."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from tests.web.house import Client, House

PATIENCE = 10.0


class Line:
    """One open socket. `closed` is the close code once the server has hung up."""

    def __init__(self, home: House, scope: dict[str, Any]) -> None:
        self.closed: int | None = None
        self.accepted = False
        self._to: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._from: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._to.put_nowait({"type": "websocket.connect"})
        self.task = asyncio.create_task(home.app(scope, self._to.get, self._from.put))

    async def hear(self, kind: str = "") -> dict[str, Any]:
        """The next message (of this kind)."""
        async with asyncio.timeout(PATIENCE):
            while True:
                message = await self._next()
                if not kind or message["type"] == kind:
                    return message

    async def _next(self) -> dict[str, Any]:
        while True:
            sent = await self._from.get()
            match sent["type"]:
                case "websocket.accept":
                    self.accepted = True
                case "websocket.close":
                    self.closed = sent["code"]
                    raise EOFError(sent["code"])
                case _:
                    message: dict[str, Any] = json.loads(sent["text"])
                    return message

    async def until_closed(self) -> int:
        try:
            while True:
                await self.hear()
        except EOFError as closed:
            return int(closed.args[0])

    def say(self, message: object) -> None:
        text = message if isinstance(message, str) else json.dumps(message)
        self._to.put_nowait({"type": "websocket.receive", "text": text})

    async def hang_up(self) -> None:
        self._to.put_nowait({"type": "websocket.disconnect", "code": 1000})
        async with asyncio.timeout(PATIENCE):
            await asyncio.gather(self.task, return_exceptions=True)


def dial(
    home: House,
    client: Client,
    *,
    after: object = "",
    origin: str | None = "http://127.0.0.1:8000",
    host: str = "127.0.0.1:8000",
) -> Line:
    """Open a socket with the cookies of this browser."""
    cookies = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
    headers = [(b"host", host.encode()), (b"cookie", cookies.encode())]
    headers += [(b"origin", origin.encode())] if origin else []
    scope = {
        "type": "websocket", "asgi": {"version": "3.0"}, "scheme": "ws", "path": "/api/v1/live", "raw_path": b"/api/v1/live",
        "root_path": "", "query_string": f"after={after}".encode(), "headers": headers, "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 8000), "subprotocols": [], "extensions": {}, "state": {},
    }  # fmt: skip
    return Line(home, scope)
