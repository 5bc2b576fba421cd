"""What a span says of a request: how it is called in the code, never what somebody asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from hub.app.traces import Fact, Span, listen
from tests.web.house import House


class Told:
    def __init__(self, name: str, facts: Mapping[str, Fact]) -> None:
        self.name, self.facts = name, dict(facts)

    def note(self, **facts: Fact) -> None:
        self.facts |= facts


async def test_a_request_is_told_by_method_route_and_status(home: House) -> None:
    rep, told = await home.as_("rep"), list[Told]()

    @contextmanager
    def tracer(name: str, facts: Mapping[str, Fact]) -> Iterator[Span]:
        told.append(Told(name, facts))
        yield told[-1]

    unlisten = listen(tracer)
    try:
        await rep.get("/api/v1/search", params={"q": "xylophonist"})
        await rep.get("/api/v1/messages/no-such-message/raw")
        await rep.get("/nowhere/xylophonist")
    finally:
        unlisten()
    requests = [
        (one.facts["method"], one.facts["route"], one.facts["status"])
        for one in told
        if one.name == "http.request"
    ]
    assert requests[0] == ("GET", "/api/v1/search", 200)
    assert requests[1][1] == "/api/v1/messages/{id}/raw"
    assert "xylophonist" not in repr([one.facts for one in told])
