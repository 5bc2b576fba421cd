"""How long a customer with many events takes to its state, cold; and a command on it, warm, against one on a new customer.

    python -m bench.load_stream --events 10000 --json

`hub`: nothing in memory, the stored state and the stream's tail. `hub_folded`: the same when nothing is stored, the whole stream.
`library`: `repository.get` of an aggregate with as many events, as documented (snapshots are off by default).
Warm: a `transact` that records one tag, on the long customer and on one that was opened a moment ago, in turns.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import msgspec
from eventsourcing.domain import Aggregate

from bench.append import ACTOR, Received
from bench.letters import message
from bench.replay import library
from bench.talks import filled
from bench.telling import ratio, tell, told
from hub.app.kinds import CUSTOMER
from hub.app.ports import Envelope
from hub.app.statecache import StateCache, States
from hub.app.transact import Transactor
from hub.assembly.clock import now
from hub.domain.customer.events import CustomerNamed, CustomerOpened
from hub.domain.ids import CommandId, StreamId
from infra.eventlog import Log, open_log
from infra.keys import KeyFile, open_keys
from infra.keys.boxes import Boxes
from projections import states as states_page
from projections.file import open_book, open_lookup
from projections.runner import Runner
from projections.states import StatesView

WARM = 40
"""Commands on each customer in a round."""


def main(given: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="amends bench load-stream", description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(given)
    with tempfile.TemporaryDirectory() as folder:
        figures = asyncio.run(measured(Path(folder), options.events, options.rounds))
    tell(figures, as_json=options.json)
    return 0


@dataclass(slots=True)
class Scene:
    """A log with one long customer, and its stored state."""

    log: Log
    keys: KeyFile
    stored: States
    long: StreamId
    transactor: Transactor = field(init=False)

    def __post_init__(self) -> None:
        self.transactor = Transactor(self.log, self.keys, StateCache(self.log, self.stored), random.Random(1))


async def measured(folder: Path, events: int, rounds: int) -> dict[str, Any]:
    app = library(folder / "library.db", {})
    aggregate = long_aggregate(app, events)
    async with a_scene(folder, events) as scene:
        paths: dict[str, Callable[[], Awaitable[object]]] = {
            "hub": lambda: StateCache(scene.log, scene.stored).refresh(CUSTOMER, scene.long),
            "hub_folded": lambda: StateCache(scene.log).refresh(CUSTOMER, scene.long),
            "library": lambda: asyncio.to_thread(app.repository.get, aggregate),
        }
        rates: dict[str, list[float]] = {name: [] for name in paths}
        warm: list[float] = []
        for _ in range(rounds):
            for name, path in paths.items():
                rates[name].append(1 / await seconds(path))
            warm.append(await warm_ratio(scene))
    return {
        "bench": "load-stream",
        "store": "sqlite",
        "events": events,
        **{key: value for name, of_rounds in rates.items() for key, value in told(name, of_rounds).items()},
        "ratio_library": ratio(rates["hub"], rates["library"]),
        "ratio_library_folded": ratio(rates["hub_folded"], rates["library"]),
        "ratio_warm_long_to_new": round(statistics.median(warm), 3),
    }


async def seconds(path: Callable[[], Awaitable[object]]) -> float:
    began = time.perf_counter()
    await path()
    return time.perf_counter() - began


async def warm_ratio(scene: Scene) -> float:
    """Median of a command on the long customer, in parts of the median on a new one."""
    fresh, taken = StreamId(uuid4()), {"long": list[float](), "new": list[float]()}
    await named(scene, fresh, CustomerOpened(channel="email", name="Ada"))
    await named(scene, scene.long, CustomerNamed(name="first"))
    for number in range(WARM):
        for name, stream in (("long", scene.long), ("new", fresh)):
            fact = CustomerNamed(name=f"{number}")
            taken[name].append(await seconds(lambda: named(scene, stream, fact)))  # noqa: B023
    return statistics.median(taken["long"]) / statistics.median(taken["new"])


async def named(scene: Scene, stream: StreamId, fact: object) -> None:
    envelope = Envelope(actor=ACTOR, command=CommandId(uuid4()))
    await scene.transactor.transact(CUSTOMER, stream, lambda state: [fact], envelope)


@asynccontextmanager
async def a_scene(folder: Path, events: int) -> AsyncIterator[Scene]:
    data = folder / "data"
    data.mkdir()
    keys = open_keys(data / "keys.sqlite", folder / "master.key", tell=lambda note: None)
    log, boxes = await open_log(data / "log.sqlite", keys), Boxes(keys)
    (long,) = await filled(log, events, 1)
    pages = (states_page.projection(boxes.seal, boxes.unseal),)
    runner = Runner(log=log, book=open_book(data / "views.sqlite", pages, await log.incarnation()), clock=now)
    following = asyncio.create_task(runner.run())
    await runner.reached(events, patience=600)
    lookup = open_lookup(data / "views.sqlite")
    try:
        yield Scene(log, keys, StatesView(lookup=lookup, unseal=boxes.unseal), long)
    finally:
        following.cancel()
        await asyncio.wait([following])
        runner.close()
        await lookup.close()
        await log.close()
        keys.close()


def long_aggregate(app: Any, events: int) -> UUID:
    chance, customer = random.Random(1), Aggregate()
    for _ in range(events - 1):
        customer.trigger_event(Received, fact=msgspec.to_builtins(message(chance)))
    app.save(customer)
    return customer.id


if __name__ == "__main__":
    raise SystemExit(main())
