"""How long one waits for one's own write to be shown: from the append's answer until the views have it.

    python -m bench.wait --json

`hub`: all projections, in a file, `Runner.reached`. `library`: its `ProjectionRunner` over a store in memory, as its documentation
shows it, and `wait`: one projection that counts. Medians of all waits, by round.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, DomainEventProtocol
from eventsourcing.persistence import Tracking
from eventsourcing.popo import POPOTrackingRecorder
from eventsourcing.projection import Projection, ProjectionRunner

from bench.talks import last_of, talks, written
from bench.telling import ratio, tell
from hub.assembly.clock import now
from hub.domain.ids import StreamId
from infra.eventlog import open_log
from infra.keys import open_keys
from infra.keys.boxes import Boxes
from projections.file import open_book
from projections.pages import pages
from projections.runner import Runner


def main(given: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="amends bench wait", description=__doc__.splitlines()[0])
    parser.add_argument("--waits", type=int, default=20, help="of each contestant in a round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(given)
    tell(asyncio.run(measured(options.waits, options.rounds)), as_json=options.json)
    return 0


async def measured(waits: int, rounds: int) -> dict[str, Any]:
    taken: dict[str, list[float]] = {"hub": [], "library": []}
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as folder:
            taken["hub"].append(statistics.median(await hub(Path(folder), waits)))
        taken["library"].append(statistics.median(await asyncio.to_thread(library, waits)))
    told = {f"{name}_p50_ms": round(1000 * statistics.median(times), 3) for name, times in taken.items()}
    spread = {
        f"{name}_spread_ms": [round(1000 * edge(times), 3) for edge in (min, max)]
        for name, times in taken.items()
    }
    return {"bench": "wait", **told, **spread, "ratio_library": ratio(taken["hub"], taken["library"])}


async def hub(folder: Path, waits: int) -> list[float]:
    (folder / "data").mkdir()
    keys = open_keys(folder / "data" / "keys.sqlite", folder / "master.key", tell=lambda note: None)
    log = await open_log(folder / "data" / "log.sqlite", keys)
    book = open_book(folder / "data" / "views.sqlite", pages(Boxes(keys)), await log.incarnation())
    runner = Runner(log=log, book=book, clock=now)
    following = asyncio.create_task(runner.run())
    stream, taken = StreamId(uuid4()), list[float]()
    for version, fact in enumerate(talks(waits, random.Random(1))):
        position = last_of(await log.append(written(stream, version, (fact,))))
        began = time.perf_counter()
        await runner.reached(position)
        taken.append(time.perf_counter() - began)
    following.cancel()
    await asyncio.wait([following])
    runner.close()
    await log.close()
    keys.close()
    return taken


class Count(POPOTrackingRecorder):
    """A view in memory."""

    events = 0

    def count(self, tracking: Tracking) -> None:
        with self._database_lock:
            self._insert_tracking(tracking)
            self.events += 1


class Counting(Projection[Count]):
    name = "counting"

    def process_event(self, domain_event: DomainEventProtocol[Any], tracking: Tracking) -> None:
        self.view.count(tracking)


class Shop(Application[Any]):
    """The library's application with nothing of its own."""


def library(waits: int) -> list[float]:
    taken = list[float]()
    with ProjectionRunner(application_class=Shop, projection_class=Counting, view_class=Count) as runner:
        for _ in range(waits):
            customer = Aggregate()
            (recording,) = runner.app.save(customer)
            began = time.perf_counter()
            runner.wait(recording.notification.id)
            taken.append(time.perf_counter() - began)
    return taken


if __name__ == "__main__":
    raise SystemExit(main())
