"""From raw bytes to committed and visible in the inbox: how many letters a second, at full durability.

    amends bench ingest --letters 2000 --json

Each mailbox keeps sixteen letters under way, as the follower of a real one does; the clock of a letter starts when its turn
comes and stops when the inbox view shows it. One and eight mailboxes, each in a fresh data folder. `split` is busy time per
letter in ms: `read` is CPU of the reading workers, the others are wall time of the one thread (or loop) that does them; parts
work side by side, so they do not add up to the time of a letter. `cpu_ms_per_letter` is CPU time, which other work on the
machine hardly changes: by thread of the hub, with its reading workers under `read`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import statistics
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hub.app.arrivals import Arrival
from hub.app.intake import take_in
from hub.assembly.house import House, open_house
from hub.domain.letters import Location
from infra import vault
from infra.codec import Codec
from infra.eventlog import committer
from infra.settings import parse_settings
from projections import export
from projections.book import Book
from tests.letters.corpus import letters

UNDER_WAY = 16
SEED = 7
PARTS = ("read", "seal", "keep", "commit", "project")


async def measure(raws: Sequence[bytes], mailboxes: int) -> dict[str, Any]:
    """One run in a folder of its own."""
    with tempfile.TemporaryDirectory() as folder, stopwatch() as busy:
        settings = parse_settings(
            {"data": "hub", "master_key_file": "master.key", "workspace": "bench"}, {}, Path(folder)
        )
        async with open_house(settings, tell=lambda _: None) as house:
            before, started = cpu(house), time.perf_counter()
            millis = await deliver(house, raws, mailboxes)
            seconds = time.perf_counter() - started
            used = {part: spent - before.get(part, 0.0) for part, spent in cpu(house).items()}
            busy["read"] = used["read"]
            visible = await house.ask(lambda db: sum(1 for _ in export.messages(db)))
    assert visible == len(raws), f"{visible} of {len(raws)} letters are visible"
    return {
        "mailboxes": mailboxes,
        "letters_per_s": round(len(raws) / seconds, 1),
        "p50_ms": round(statistics.median(millis), 2),
        "p99_ms": round(statistics.quantiles(millis, n=100)[98], 2),
        "split": {part: round(busy[part] / len(raws) * 1000, 3) for part in PARTS},
        "cpu_ms_per_letter": {
            part: round(spent / len(raws) * 1000, 3)
            for part, spent in used.items()
            if spent > len(raws) * 1e-6
        },
    }


async def deliver(house: House, raws: Sequence[bytes], mailboxes: int) -> list[float]:
    """Every letter through its mailbox's window; the milliseconds of each."""
    inboxes = [await house.inbox_for(f"mailbox-{number}") for number in range(mailboxes)]
    millis: list[float] = []

    async def one(number: int, raw: bytes, window: asyncio.Semaphore) -> None:
        inbox = inboxes[number % mailboxes]
        started = time.perf_counter()
        place = Location(account=inbox.name, folder="INBOX", validity=1, uid=number + 1)
        arrival = Arrival(inbox=inbox, raw=raw, received_at=datetime.now(UTC), location=place)
        landed = await take_in(house.walk, arrival)
        window.release()
        await house.runner.reached(landed.position, patience=60)
        millis.append((time.perf_counter() - started) * 1000)

    async def mailbox(own: int) -> None:
        window = asyncio.Semaphore(UNDER_WAY)
        async with asyncio.TaskGroup() as group:
            for number in range(own, len(raws), mailboxes):
                await window.acquire()
                group.create_task(one(number, raws[number], window))

    await asyncio.gather(*map(mailbox, range(mailboxes)))
    return millis


def cpu(house: House) -> dict[str, float]:
    """Seconds of CPU by thread, of the reading workers, and in all, until now."""
    own, reaped = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    reading = sum(map(worker_cpu, house.readers.workers.pids)) + reaped.ru_utime + reaped.ru_stime
    spent = {"total": own.ru_utime + own.ru_stime + reading, "read": reading}
    for thread in threading.enumerate():
        name = "loop" if thread is threading.main_thread() else thread.name.rpartition("_")[0] or thread.name
        used = time.clock_gettime(time.pthread_getcpuclockid(thread.ident or 0))
        spent[name] = spent.get(name, 0.0) + used
    return spent


def worker_cpu(pid: int) -> float:
    """Seconds of CPU that a living process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def stopwatch() -> Iterator[dict[str, float]]:
    """Busy seconds by part, while the block runs."""
    busy: dict[str, float] = defaultdict(float)
    places: list[tuple[Any, str, str]] = [
        (Codec, "seal", "seal"),
        (vault, "seal", "seal"),
        (vault.FolderVault, "_write", "keep"),
        (committer, "settled", "commit"),
        (Book, "apply", "project"),
    ]
    originals = [(owner, name, getattr(owner, name)) for owner, name, _ in places]
    for (owner, name, part), (_, _, original) in zip(places, originals, strict=True):
        setattr(owner, name, timed(original, part, busy))
    try:
        yield busy
    finally:
        for owner, name, original in originals:
            setattr(owner, name, original)


def timed(work: Callable[..., Any], part: str, busy: dict[str, float]) -> Callable[..., Any]:
    def measured(*values: Any, **named: Any) -> Any:
        started = time.perf_counter()
        try:
            return work(*values, **named)
        finally:
            busy[part] += time.perf_counter() - started

    return measured


def run(count: int, mailboxes: Sequence[int]) -> dict[str, Any]:
    """Both settings; the figures at the top are those of one mailbox."""
    raws = [letter.raw for letter in letters(count, SEED)]
    runs = [asyncio.run(measure(raws, number)) for number in mailboxes]
    rss = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"bench": "ingest", "letters": count, **runs[0], "rss_mb": round(rss, 1), "runs": runs}


def main(arguments: Sequence[str] | None = None) -> int:
    asked = argparse.ArgumentParser(prog="amends bench ingest", description=__doc__)
    asked.add_argument("--letters", type=int, default=2000)
    asked.add_argument("--mailboxes", type=int, nargs="+", default=[1, 8])
    asked.add_argument("--json", action="store_true")
    chosen = asked.parse_args(arguments)
    found = run(chosen.letters, chosen.mailboxes)
    print(json.dumps(found) if chosen.json else json.dumps(found, indent=2))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
