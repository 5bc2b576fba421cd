"""Spans to an OpenTelemetry collector (OTLP over HTTP), where the settings name one. Needs the extra `traces`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

from hub.app.traces import Fact, Span, Tracer, listen
from infra.settings import ConfigurationError

if TYPE_CHECKING:
    from opentelemetry.trace import Span as OtelSpan
    from opentelemetry.trace import Tracer as OtelTracer

NEEDED: Final = "opentelemetry.exporter.otlp.proto.http"
MISSING: Final = "traces_url (AMENDS_TRACES_URL) is set, but OpenTelemetry is not installed. Install the extra: pip install 'amends[traces]'"
LAST_WORD_S: Final = 3
PATIENCE_S: Final = 5


class Heard:
    """A span of OpenTelemetry."""

    def __init__(self, span: OtelSpan) -> None:
        self._span = span

    def note(self, **facts: Fact) -> None:
        for name, fact in facts.items():
            self._span.set_attribute(f"amends.{name}", fact)


def start_traces(url: str, workspace: str) -> Callable[[], None]:
    """Send spans to `url` until the answer is called, which waits some seconds for the last of them.

    A collector that is away costs nothing but its spans. Raises `ConfigurationError` when the extra is missing.
    """
    if not installed():
        raise ConfigurationError([MISSING])
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider(
        resource=Resource({"service.name": "amends", "service.namespace": workspace}), shutdown_on_exit=False
    )
    exporter = OTLPSpanExporter(endpoint=f"{url.rstrip('/')}/v1/traces", timeout=PATIENCE_S)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    unlisten = listen(tracer_of(provider.get_tracer("amends")))

    def stop() -> None:
        unlisten()
        provider.force_flush(LAST_WORD_S * 1000)
        provider.shutdown()

    return stop


def installed() -> bool:
    try:
        return find_spec(NEEDED) is not None
    except ModuleNotFoundError:
        return False


def tracer_of(tracer: OtelTracer) -> Tracer:
    """What went wrong is told by its kind: a message may quote a letter."""
    from opentelemetry.trace import Status, StatusCode

    @contextmanager
    def heard(name: str, facts: Mapping[str, Fact]) -> Iterator[Span]:
        with tracer.start_as_current_span(
            name, record_exception=False, set_status_on_exception=False
        ) as span:
            step = Heard(span)
            step.note(**facts)
            try:
                yield step
            except Exception as failure:
                span.set_status(Status(StatusCode.ERROR, type(failure).__name__))
                raise

    return heard
