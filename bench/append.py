"""How many touchpoints a second get durably on record, against the library's own path and the store's raw limit.

    python -m bench.append --store sqlite --producers 16 --json
    python -m bench.append --store postgres --producers 128

Each producer appends one event at a time to its own stream and waits for the commit. The same run measures
`hub` (keys of a `keys` file, once-keys, sealed, checked, group-committed), `library` (`Application.save` through a thread pool, plain JSON, the documented path for
asyncio) and `raw` (rows of the same size, 1000 a transaction; COPY on PostgreSQL). Rounds are interleaved; medians are printed.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import sqlite3
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec
from eventsourcing.application import Application
from eventsourcing.domain import Aggregate

from bench.layers import timed
from bench.letters import message
from bench.telling import ratio, tell, told
from hub.app.ports import Appended, Envelope, Request, Write
from hub.domain.ids import CommandId, StreamId
from hub.domain.vocabulary import Actor
from infra.db import open_writer
from infra.eventlog import Log, open_log
from infra.eventlog.postgres import PostgresLog
from infra.keys import open_keys

ACTOR = Actor(kind="system", id="bench")
ROW_BYTES = 568
BATCH = 1000

Run = Callable[[str, int, float], Awaitable[list[float]]]
"""Seconds of each append, from the name of a contestant, producers and seconds to run."""


def main(given: Sequence[str] | None = None) -> int:
    options = arguments(given)
    if options.layers:
        tell(asyncio.run(layered(options.producers, options.seconds)), as_json=options.json)
        return 0
    figures = asyncio.run(measured(options.store, options.producers, options.seconds, options.rounds))
    tell(figures, as_json=options.json)
    return 0


def arguments(given: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="amends bench append", description=__doc__.splitlines()[0])
    parser.add_argument("--store", choices=list(STORES), default="sqlite")
    parser.add_argument("--producers", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=1.5, help="of each measurement")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--layers", action="store_true", help="instead: what the hub's append is made of (SQLite)"
    )
    parser.add_argument("--json", action="store_true")
    return parser.parse_args(given)


async def layered(producers: int, seconds: float) -> dict[str, Any]:
    """µs for each fact by layer, in one run of the hub alone."""
    with tempfile.TemporaryDirectory() as folder, timed() as layers:
        count = len(await hub(Path(folder), producers, seconds))
    told = {layer: round(1e6 * taken / count, 1) for layer, taken in layers.items()}
    return {"bench": "append", "producers": producers, "facts": count, "us_per_fact": told}


async def measured(store: str, producers: int, seconds: float, rounds: int) -> dict[str, Any]:
    found: dict[str, list[list[float]]] = {"hub": [], "library": [], "raw": []}
    with STORES[store]() as run:
        for _ in range(rounds):
            for name, times in found.items():
                times.append(await run(name, producers, seconds))
    rates = {name: [len(times) / seconds for times in runs] for name, runs in found.items()}
    waits = {name: sorted(time for times in found[name] for time in times) for name in ("hub", "library")}
    return {"bench": "append", "store": store, "producers": producers, **figures(rates, waits)}


def figures(rates: dict[str, list[float]], waits: dict[str, list[float]]) -> dict[str, Any]:
    return {
        **told("hub", rates["hub"]),
        **told("library", rates["library"]),
        **told("raw", rates["raw"]),
        "ratio_library": ratio(rates["hub"], rates["library"]),
        "ratio_raw": ratio(rates["hub"], rates["raw"]),
        **{f"{name}_p50_ms": round(1000 * times[len(times) // 2], 3) for name, times in waits.items()},
        **{f"{name}_p99_ms": round(1000 * times[len(times) * 99 // 100], 3) for name, times in waits.items()},
    }


@contextmanager
def sqlite() -> Iterator[Run]:
    """Each contestant gets a folder of its own, every time."""
    contestants = {"hub": hub, "library": library, "raw": raw}

    async def run(name: str, producers: int, seconds: float) -> list[float]:
        with tempfile.TemporaryDirectory() as folder:
            return await contestants[name](Path(folder), producers, seconds)

    yield run


@contextmanager
def postgres() -> Iterator[Run]:
    from bench import append_postgres  # noqa: PLC0415 - it takes its parts from here, and needs a server

    with append_postgres.prepared() as run:
        yield run


STORES: dict[str, Callable[[], AbstractContextManager[Run]]] = {"sqlite": sqlite, "postgres": postgres}


async def hub(folder: Path, producers: int, seconds: float) -> list[float]:
    """Seconds that each append took."""
    (folder / "data").mkdir()
    keys = open_keys(folder / "data" / "keys.sqlite", folder / "master.key", tell=lambda note: None)
    try:
        return await appended(await open_log(folder / "data" / "log.sqlite", keys), producers, seconds)
    finally:
        keys.close()


async def appended(log: Log | PostgresLog, producers: int, seconds: float) -> list[float]:
    waits: list[float] = []

    async def produce(seed: int) -> None:
        stream, fact = StreamId(uuid4()), message(random.Random(seed))
        version = 0
        while (began := time.perf_counter()) < until:
            envelope = Envelope(actor=ACTOR, command=CommandId(uuid4()))
            write = Write(stream=stream, expected=version, events=(fact,))
            request = Request(envelope=envelope, writes=(write,), once=(os.urandom(32),))
            assert isinstance(await log.append(request), Appended)
            version += 1
            waits.append(time.perf_counter() - began)

    until = time.perf_counter() + seconds
    await asyncio.gather(*map(produce, range(producers)))
    await log.close()
    return waits


class Received(Aggregate.Event):
    """The same words as in the hub's fact."""

    fact: dict[str, Any]

    def apply(self, aggregate: Any) -> None: ...


async def library(folder: Path, producers: int, seconds: float) -> list[float]:
    env = {"PERSISTENCE_MODULE": "eventsourcing.sqlite", "SQLITE_DBNAME": str(folder / "library.db")}
    return await saved(Application[Any](env=env), producers, seconds)


async def saved(app: Application[Any], producers: int, seconds: float) -> list[float]:
    loop, waits = asyncio.get_running_loop(), list[float]()
    pool = ThreadPoolExecutor(8)

    def save(customer: Aggregate, fact: dict[str, Any]) -> None:
        customer.trigger_event(Received, fact=fact)
        app.save(customer)

    async def produce(seed: int) -> None:
        customer, fact = Aggregate(), msgspec.to_builtins(asdict(message(random.Random(seed))))
        await loop.run_in_executor(pool, app.save, customer)
        while (began := time.perf_counter()) < until:
            await loop.run_in_executor(pool, save, customer, fact)
            waits.append(time.perf_counter() - began)

    until = time.perf_counter() + seconds
    await asyncio.gather(*map(produce, range(producers)))
    pool.shutdown()
    app.close()
    return waits


async def raw(folder: Path, producers: int, seconds: float) -> list[float]:
    """Rows in batches, by one writer; a batch's time is shared out among its rows."""
    db = open_writer(folder / "raw.db", durable=True)
    db.execute(
        "CREATE TABLE raw (position INTEGER PRIMARY KEY, stream TEXT, version INTEGER, topic TEXT, state BLOB, UNIQUE (stream, version))"
    )
    state, waits, position = random.randbytes(ROW_BYTES), list[float](), 0
    until = time.perf_counter() + seconds
    while (began := time.perf_counter()) < until:
        rows = [
            (
                position + nth,
                f"{(position + nth) % producers:032x}",
                position + nth,
                "message.received.v1",
                state,
            )
            for nth in range(BATCH)
        ]
        db.execute("BEGIN IMMEDIATE")
        try:
            db.executemany("INSERT INTO raw VALUES (?, ?, ?, ?, ?)", rows)
        except sqlite3.Error:
            db.execute("ROLLBACK")
            raise
        db.execute("COMMIT")
        position += BATCH
        waits += [(time.perf_counter() - began) / BATCH] * BATCH
    db.close()
    return waits


if __name__ == "__main__":
    raise SystemExit(main())
