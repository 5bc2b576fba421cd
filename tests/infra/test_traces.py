"""Spans reach a collector as OTLP over HTTP, tell where the time goes, and say nothing of anybody."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from hub.app.traces import span
from infra import traces
from infra.settings import ConfigurationError
from infra.traces import start_traces
from tests.journeys.house import a_house, deliver

CANARIES = (b"Xylophila", b"xylophila@customers.example", b"kaleidoscope")
LETTER = b"""From: Xylophila Q <xylophila@customers.example>
To: care@shop.example
Subject: My kaleidoscope
Message-ID: <one@customers.example>

This is a complaint: the kaleidoscope arrived broken.
"""


class Collector(ThreadingHTTPServer):
    """Takes spans as an OpenTelemetry collector does."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Taking)
        self.bodies: list[bytes] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    @property
    def spans(self) -> dict[str, Any]:
        """By name; the last of each."""
        told = [ExportTraceServiceRequest.FromString(body) for body in self.bodies]
        return {
            one.name: one
            for request in told
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for one in scope.spans
        }


class Taking(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        assert (self.path, self.headers["content-type"]) == ("/v1/traces", "application/x-protobuf")
        self.server.bodies.append(self.rfile.read(int(self.headers["content-length"])))
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None: ...


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector() as collector:
        thread = threading.Thread(target=collector.serve_forever)
        thread.start()
        yield collector
        collector.shutdown()
        thread.join()


def facts_of(one: Any) -> dict[str, Any]:
    return {pair.key: getattr(pair.value, str(pair.value.WhichOneof("value"))) for pair in one.attributes}


async def test_a_letter_is_followed_from_its_arrival_to_its_commit(
    tmp_path: Path, collector: Collector
) -> None:
    async with a_house(tmp_path, traces_url=collector.url) as house:
        landed = await deliver(house, LETTER, 1)
        await house.runner.reached(landed.position)
    spans = collector.spans
    letter, command, append = spans["letter.take_in"], spans["command"], spans["log.append"]
    assert letter.trace_id == command.trace_id == append.trace_id
    assert (command.parent_span_id, append.parent_span_id) == (letter.span_id, command.span_id)
    assert facts_of(letter)["amends.ending"] == "recorded"
    assert facts_of(command)["amends.position"] == landed.position
    assert facts_of(command)["amends.stream"] == str(landed.customer)
    assert facts_of(spans["views.page"])["amends.events"] >= 1
    assert [one for one in CANARIES if one in b"".join(collector.bodies)] == []


def test_what_went_wrong_is_told_by_its_kind(collector: Collector) -> None:
    stop = start_traces(collector.url, "shop")
    with pytest.raises(ValueError, match="kaleidoscope"), span("step"):
        raise ValueError("the kaleidoscope of xylophila@customers.example")
    stop()
    assert collector.spans["step"].status.message == "ValueError"
    assert not any(one in b"".join(collector.bodies) for one in CANARIES)


def test_negative_control_a_word_in_a_span_would_be_seen(collector: Collector) -> None:
    stop = start_traces(collector.url, "shop")
    with span("step", subject="My kaleidoscope"):
        pass
    stop()
    assert any(one in b"".join(collector.bodies) for one in CANARIES)


async def test_a_collector_that_is_away_holds_nothing_up(tmp_path: Path) -> None:
    async with asyncio.timeout(40), a_house(tmp_path, traces_url="http://127.0.0.1:9") as house:
        assert (await deliver(house, LETTER, 1)).ending == "recorded"


def test_nobody_listens_unless_told_to() -> None:
    with span("step", count=1) as one, span("within") as two:
        assert one is two


def test_without_the_extra_the_setting_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(traces, "NEEDED", "opentelemetry.no_such_package")
    with pytest.raises(ConfigurationError, match=r"amends\[traces\]"):
        start_traces("http://127.0.0.1:9", "shop")
