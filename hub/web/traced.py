"""A span for each request: its method, its route as it is written in the code, and how it was answered."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hub.app.traces import span


class Traced:
    """Around an application. The address itself may hold what somebody searched for, so it is left out."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        with span("http.request", method=scope["method"]) as step:

            async def noted(message: Message) -> None:
                if message["type"] == "http.response.start":
                    step.note(status=message["status"], route=getattr(scope.get("route"), "path", ""))
                await send(message)

            await self._app(scope, receive, noted)
