"""`/metrics`: where the log and each projection stand, for Prometheus. Numbers and names of ours, nothing of a customer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from hmac import compare_digest
from typing import Any, Final

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    GCCollector,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from hub.assembly.caring import projections_of
from hub.assembly.house import House
from infra.settings import metrics_token_of
from projections import causes, parked

NEVER_KEPT: Final = {"Cache-Control": "no-store"}
Figures = dict[str, tuple[str, dict[str, float]]]
"""Name to help and value by projection; a figure of the whole hub has the projection ""."""


class Taken(Collector):
    """Figures that were taken just now."""

    def __init__(self, figures: Figures) -> None:
        self.figures = figures

    def collect(self) -> Iterable[GaugeMetricFamily]:
        for name, (says, values) in self.figures.items():
            labels = [] if "" in values else ["projection"]
            family = GaugeMetricFamily(name, says, labels=labels)
            for projection, value in values.items():
                family.add_metric([projection] if labels else [], value)
            yield family


def process() -> CollectorRegistry:
    """Memory, files, CPU and collections of this process."""
    registry = CollectorRegistry()
    for collector in (ProcessCollector, PlatformCollector, GCCollector):
        collector(registry=registry)
    return registry


def metrics_routes(house: House) -> Sequence[BaseRoute]:
    """None without `metrics_token_file`: who may look has to be said."""
    if not metrics_token_of(house.settings):
        return ()
    own = process()

    async def metrics(request: Request) -> Response:
        if not shows(request, metrics_token_of(house.settings)):
            return PlainTextResponse(
                "Show the token of metrics_token_file as a bearer token.\n",
                status_code=401,
                headers={"WWW-Authenticate": "Bearer"},
            )
        taken = CollectorRegistry()
        taken.register(Taken(await figures(house)))
        text = generate_latest(taken) + generate_latest(own)
        return Response(text, headers={"Content-Type": CONTENT_TYPE_LATEST, **NEVER_KEPT})

    return (Route("/metrics", metrics, methods=["GET"]),)


def shows(request: Request, token: str) -> bool:
    """In constant time. The file is read at each request, so that a new token counts without a restart."""
    shown = request.headers.get("authorization", "")
    return compare_digest(shown.encode(), f"Bearer {token}".encode())


async def figures(house: House) -> Figures:
    """Everything that is told, as of now."""
    head, lag = await house.log.head(), await house.runner.lag()
    whole = {
        "amends_log_position": ("Last committed position.", head),
        "amends_views_in_trouble": (
            "1 while the views can't follow the log.",
            float(bool(house.runner.trouble)),
        ),
        "amends_work_in_trouble": (
            "Pieces of work that failed and are tried again.",
            len(house.turns.endurance.troubles),
        ),
        "amends_letters_parked": (
            "Letters that wait to be read by a person.",
            await house.ask(parked.waiting),
        ),
        "amends_causes_parked": (
            "Causes that a policy could not react to.",
            await house.ask(causes.count),
        ),
        "amends_sending_paused": ("1 while sending waits for a word.", float(await house.paused())),
    }
    return {name: (says, {"": value}) for name, (says, value) in whole.items()} | of_projections(
        await projections_of(house, head, lag)
    )


OF_PROJECTIONS: Final = (
    ("position", "amends_projection_position", "Last position in the rows."),
    ("lag", "amends_projection_lag_events", "Facts on record and not yet shown."),
    (
        "lag_seconds",
        "amends_projection_lag_seconds",
        "Age of the newest fact shown, while there are newer ones.",
    ),
    (
        "heartbeat",
        "amends_projection_heartbeat_timestamp_seconds",
        "When it last took facts in or, at rest, could have; 0: never seen by this process.",
    ),
    ("parked", "amends_projection_parked_events", "Facts that could not be taken in."),
)
"""What `projections_of` tells of each, under which name, with which help."""


def of_projections(stand: Sequence[Mapping[str, Any]]) -> Figures:
    return {
        name: (says, {one["name"]: number(one[field]) for one in stand})
        for field, name, says in OF_PROJECTIONS
    }


def number(value: float | str | None) -> float:
    """A moment is told as Unix time, none as 0."""
    return datetime.fromisoformat(value).timestamp() if isinstance(value, str) else value or 0.0
