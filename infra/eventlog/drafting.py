"""Requests made ready for the store: events sealed, many at once, so that a batch gives the interpreter lock away a few times only."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from itertools import islice

from hub.app.ports import Answer, Request
from infra.codec import Codec, KeyRing, NoKey, pack
from infra.eventlog.batch import Draft

Seal = Callable[[Sequence[Request]], Sequence[Draft | Exception]]
"""A draft for each request, or why it can't be sealed."""


async def with_keys(
    request: Request, append: Callable[[Request], Awaitable[Answer]], ring: KeyRing
) -> Answer:
    """Streams mostly have their key, so it is made sure of only when one is missing. Raises what `ring.ensure` raises."""
    try:
        return await append(request)
    except NoKey:
        for write in request.writes:
            await ring.ensure(write.stream)
        return await append(request)


def sealing(codec: Codec) -> Seal:
    return partial(sealed_or_why, codec)


def sealed_or_why(codec: Codec, requests: Sequence[Request]) -> Sequence[Draft | Exception]:
    """Mostly all at once. Where that fails, one by one, so that each caller hears of its own failure alone.

    Why: `NoKey`, KeyError, ValueError as `Codec.seal_all` raises them.
    """
    try:
        return sealed_all(codec, requests)
    except Exception as failure:  # noqa: BLE001 - handed to whoever asked for it
        if len(requests) == 1:
            return [failure]
    return [sealed_or_why(codec, [request])[0] for request in requests]


def sealed_all(codec: Codec, requests: Sequence[Request]) -> list[Draft]:
    facts = [
        (write.stream, packed, event)
        for request in requests
        for packed in (pack(request.envelope),)
        for write in request.writes
        for event in write.events
    ]
    bodies = iter(codec.seal_all(facts))
    drafts = []
    for request in requests:
        mine = tuple([tuple(islice(bodies, len(write.events))) for write in request.writes])
        drafts.append(Draft(request, mine, sum([len(body[1]) for events in mine for body in events])))
    return drafts
