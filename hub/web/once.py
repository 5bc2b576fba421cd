"""A request made again with the same Idempotency-Key gets the same answer and happens once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Final

import orjson
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response

from hub.app.ports import Answered
from hub.web.guard import CHANGING, Call, caller
from hub.web.problems import Stop

LONGEST_KEY: Final = 200
Handler = Callable[[Request], Awaitable[Response]]


@dataclass(slots=True)
class Turns:
    """One at a time per key, while anybody waits for that key."""

    locks: dict[str, tuple[asyncio.Lock, int]] = field(default_factory=dict)

    async def take(self, key: str) -> None:
        lock, waiting = self.locks.get(key, (asyncio.Lock(), 0))
        self.locks[key] = lock, waiting + 1
        try:
            await lock.acquire()
        except BaseException:
            self._leave(key)
            raise

    def give(self, key: str) -> None:
        self.locks[key][0].release()
        self._leave(key)

    def _leave(self, key: str) -> None:
        lock, waiting = self.locks.pop(key)
        if waiting > 1:
            self.locks[key] = lock, waiting - 1


class CommandRoute(APIRoute):
    """The library's seam for what surrounds a handler."""

    def get_route_handler(self) -> Callable[[Request], Any]:
        handle = super().get_route_handler()

        async def once(request: Request) -> Response:
            key = request.headers.get("Idempotency-Key", "")
            if (
                not key
                or request.method not in CHANGING
                or request.url.path.endswith(("/session", "/uploads"))
            ):
                return await handle(request)
            return await answered_once(request, key, handle)

        return once


async def answered_once(request: Request, key: str, handle: Handler) -> Response:
    """The kept answer of an earlier request with this key, or the answer of this one, kept."""
    if len(key) > LONGEST_KEY:
        raise Stop(400, "malformed")
    call = await caller(request)
    name = call.desk.secrets.keyed("idempotency", str(call.person.id), key).hex()
    turns: Turns = request.app.state.turns
    await turns.take(name)
    try:
        return await _kept(call, name, request) or await _made(call, name, request, handle)
    finally:
        turns.give(name)


async def _kept(call: Call, name: str, request: Request) -> Response | None:
    found = await call.desk.answers.find(name)
    if found is None:
        return None
    fingerprint, answered = found
    if fingerprint != await _fingerprint(call, request):
        raise Stop(409, "key-used-for-something-else")
    if answered.status == 204:
        return Response(status_code=204)
    ids = {field: _value(field, text) for field, text in answered.ids.items()}
    return Response(orjson.dumps(ids), answered.status, media_type="application/json")


async def _made(call: Call, name: str, request: Request, handle: Handler) -> Response:
    fingerprint = await _fingerprint(call, request)
    response = await handle(request)
    if 200 <= response.status_code < 300:
        ids = orjson.loads(response.body) if response.body else {}
        kept = {field: _text(value) for field, value in ids.items()}
        await call.desk.answers.keep(name, fingerprint, Answered(status=response.status_code, ids=kept))
    return response


async def _fingerprint(call: Call, request: Request) -> bytes:
    """Keyed, for a body may hold a password, and whoever finds the table must not be able to try some."""
    target = f"{request.method} {request.url.path}?{request.url.query}\n"
    return call.desk.secrets.keyed("idempotency body", target, await request.body())


def _text(value: object) -> str:
    return orjson.dumps(value).decode() if not isinstance(value, str) else value


def _value(field: str, text: str) -> object:
    return orjson.loads(text) if field in ("position", "already") else text
