"""A request made ready for the committer: keys made sure of, events sealed."""

from __future__ import annotations

import asyncio
from typing import Final

from hub.app.ports import Request, Write
from infra.codec import Codec, KeyRing, Sealed, pack
from infra.codec.plans import plan
from infra.eventlog.batch import Draft

MOST_AT_ONCE: Final = 200
"""More events than this are sealed in a thread, so that the event loop goes on."""


async def drafted(request: Request, codec: Codec, ring: KeyRing) -> Draft:
    """Raises `NoKey`, KeyError, ValueError as `Codec.seal` does."""
    for write in request.writes:
        if _needs_own_key(write) and ring.key(str(write.stream)) is None:
            await ring.ensure(write.stream)
    if sum(len(write.events) for write in request.writes) > MOST_AT_ONCE:
        return await asyncio.to_thread(_seal, request, codec)
    return _seal(request, codec)


def _needs_own_key(write: Write) -> bool:
    return any((how := plan(type(event))).sealed_fields and not how.key_field for event in write.events)


def _seal(request: Request, codec: Codec) -> Draft:
    packed = pack(request.envelope)
    bodies = tuple(_sealed(write, packed, codec) for write in request.writes)
    return Draft(request, bodies, sum(len(sealed.rest) for events in bodies for sealed in events))


def _sealed(write: Write, packed: bytes, codec: Codec) -> tuple[Sealed, ...]:
    return tuple([codec.seal(write.stream, packed, event) for event in write.events])
