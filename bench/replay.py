"""How many facts a second come back from the log as typed events, against the library's own reading.

    python -m bench.replay --events 20000 --json

`hub`: read, unseal, decompress, typed decode. `library`: `select_notifications(500)` and its mapper, plain JSON;
`library_sealed`: the same with its AES cipher and zlib compressor. `raw`: the rows alone.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec
from eventsourcing.application import Application
from eventsourcing.cryptography import AESCipher
from eventsourcing.domain import Aggregate

from bench.append import ACTOR, Received
from bench.letters import message
from bench.telling import ratio, tell, told
from hub.app.ports import Envelope, Request, Write
from hub.domain.ids import CommandId, StreamId
from infra.codec import MemoryRing
from infra.db import open_reader
from infra.eventlog import open_log

PAGE = 1000
STREAMS = 50


def main(given: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="amends bench replay", description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(given)
    with tempfile.TemporaryDirectory() as folder:
        figures = asyncio.run(measured(Path(folder), options.events, options.rounds))
    tell(figures, as_json=options.json)
    return 0


async def measured(folder: Path, events: int, rounds: int) -> dict[str, Any]:
    ring = MemoryRing()
    await fill_hub(folder / "log.db", ring, events)
    sealing = {"CIPHER_TOPIC": "eventsourcing.cryptography:AESCipher", "CIPHER_KEY": AESCipher.create_key(32)}
    apps = {
        "library": library(folder / "plain.db", {}),
        "library_sealed": library(folder / "sealed.db", sealing | ZLIB),
    }
    for app in apps.values():
        fill_library(app, events)
    paths: dict[str, Callable[[], Awaitable[int]]] = {
        "hub": lambda: read_hub(folder / "log.db", ring),
        **{name: lambda app=app: asyncio.to_thread(read_library, app) for name, app in apps.items()},
        "raw": lambda: asyncio.to_thread(read_raw, folder / "log.db"),
    }
    rates: dict[str, list[float]] = {name: [] for name in paths}
    for _ in range(rounds):
        for name, path in paths.items():
            began = time.perf_counter()
            assert await path() >= events
            rates[name].append(events / (time.perf_counter() - began))
    return figures(rates, events)


ZLIB = {"COMPRESSOR_TOPIC": "eventsourcing.compressor:ZlibCompressor"}


def figures(rates: dict[str, list[float]], events: int) -> dict[str, Any]:
    found: dict[str, Any] = {"bench": "replay", "store": "sqlite", "events": events}
    for name, of_rounds in rates.items():
        found |= told(name, of_rounds)
    others = ("library", "library_sealed", "raw")
    return found | {f"ratio_{name}": ratio(rates["hub"], rates[name]) for name in others}


async def fill_hub(path: Path, ring: MemoryRing, events: int) -> None:
    log, chance = await open_log(path, ring), random.Random(1)
    for _ in range(STREAMS):
        facts = tuple(message(chance) for _ in range(events // STREAMS))
        write = Write(stream=StreamId(uuid4()), expected=0, events=facts)
        await log.append(Request(envelope=Envelope(actor=ACTOR, command=CommandId(uuid4())), writes=(write,)))
    await log.close()


async def read_hub(path: Path, ring: MemoryRing) -> int:
    log, after = await open_log(path, ring), 0
    while page := await log.read_all(after=after, limit=PAGE):
        after = page[-1].position
    await log.close()
    return after


def library(path: Path, more: dict[str, str]) -> Application[Any]:
    return Application(env={"PERSISTENCE_MODULE": "eventsourcing.sqlite", "SQLITE_DBNAME": str(path), **more})


def fill_library(app: Application[Any], events: int) -> None:
    chance = random.Random(1)
    for _ in range(STREAMS):
        customer = Aggregate()
        for _ in range(events // STREAMS):
            customer.trigger_event(Received, fact=msgspec.to_builtins(asdict(message(chance))))
        app.save(customer)


def read_library(app: Application[Any]) -> int:
    start = 1
    while found := app.recorder.select_notifications(start, 500):
        for notification in found:
            app.mapper.to_domain_event(notification)
        start = found[-1].id + 1
    return start


def read_raw(path: Path) -> int:
    db = open_reader(path)
    rows = db.execute(
        "SELECT position, originator_id, originator_version, topic, state FROM stored_events ORDER BY position"
    ).fetchall()
    db.close()
    return int(rows[-1][0])


if __name__ == "__main__":
    raise SystemExit(main())
