"""A request made ready for the committer: keys made sure of, events sealed."""

from __future__ import annotations

import asyncio
from typing import Final

from hub.app.ports import Request
from infra.codec import Codec, KeyRing, NoKey, pack
from infra.eventlog.batch import Draft

MOST_AT_ONCE: Final = 200
"""More events than this are sealed in a thread, so that the event loop goes on."""


async def drafted(request: Request, codec: Codec, ring: KeyRing) -> Draft:
    """Raises `NoKey`, KeyError, ValueError as `Codec.seal` does, and what `ring.ensure` raises."""
    try:
        return await _seal(request, codec)
    except NoKey:  # streams mostly have their key, so it is made sure of only when one is missing
        for write in request.writes:
            await ring.ensure(write.stream)
        return await _seal(request, codec)


async def _seal(request: Request, codec: Codec) -> Draft:
    if sum([len(write.events) for write in request.writes]) > MOST_AT_ONCE:
        return await asyncio.to_thread(sealed, request, codec)
    return sealed(request, codec)


def sealed(request: Request, codec: Codec) -> Draft:
    packed = pack(request.envelope)
    bodies = tuple(
        [
            tuple([codec.seal(write.stream, packed, event) for event in write.events])
            for write in request.writes
        ]
    )
    return Draft(request, bodies, sum([len(body.rest) for events in bodies for body in events]))
