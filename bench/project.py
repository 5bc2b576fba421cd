"""How fast views catch up with a log: inbox and timeline, by pages, against one transaction for each event.

    python -m bench.project --events 20000 --json
    python -m bench.project --events 1000000 --rounds 1 --whole

`hub`: read, opened and folded by pages of 2,000, one transaction each. `single`: the same projections, one event and one
transaction at a time. Both sync as the views do (in PostgreSQL: not at each commit). `--whole`: instead, the seconds of a rebuild of both with its switch.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

from bench.talks import filled
from bench.telling import ratio, tell, told
from hub.app.ports import Recorded
from hub.assembly.clock import now
from infra.eventlog import Log, open_log
from infra.keys import open_keys
from projections import inbox, timeline
from projections.book import Book
from projections.file import open_book
from projections.rebuild import rebuild
from projections.runner import PAGE, Runner

PAGES = (inbox.projection, timeline.projection)
NewBook = Callable[[], Book[Any]]
PER_CUSTOMER = 100
SINGLES = 2_000
"""Events that `single` takes in; it is slow enough to be measured by fewer."""


def main(given: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="amends bench project", description=__doc__.splitlines()[0])
    parser.add_argument(
        "--store", choices=("sqlite", "postgres"), default="sqlite", help="where the views are"
    )
    parser.add_argument("--events", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--whole", action="store_true", help="instead: a rebuild with its switch")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(given)
    if options.whole and options.store != "sqlite":
        parser.error("a whole rebuild is measured in SQLite")
    with tempfile.TemporaryDirectory() as folder, places(options.store, Path(folder)) as new_book:
        figures = asyncio.run(measured(Path(folder), new_book, options.events, options.rounds, options.whole))
    figures["store"] = options.store
    tell(figures, as_json=options.json)
    return 0


@contextmanager
def places(store: str, folder: Path) -> Iterator[NewBook]:
    """Each contestant gets views of its own, every time."""
    numbers = count(1)
    if store == "sqlite":
        yield lambda: open_book(folder / f"views{next(numbers)}.db", PAGES, "one")
        return
    from bench.append_postgres import database, server  # noqa: PLC0415 - needs a server
    from projections.postgres.store import Database, open_shared  # noqa: PLC0415 - the same

    with server() as url, database(url) as own:

        def new_book() -> Book[Any]:
            book = open_shared(Database(url=own, schema=f"views_{next(numbers)}"), PAGES, "one")
            assert book is not None
            return book

        yield new_book


async def measured(folder: Path, new_book: NewBook, events: int, rounds: int, whole: bool) -> dict[str, Any]:
    (folder / "data").mkdir()
    keys = open_keys(folder / "data" / "keys.sqlite", folder / "master.key", tell=lambda note: None)
    log = await open_log(folder / "data" / "log.sqlite", keys)
    await filled(log, events, max(1, events // PER_CUSTOMER))
    try:
        return await (rebuilt(folder, log, events, rounds) if whole else raced(new_book, log, events, rounds))
    finally:
        await log.close()
        keys.close()


async def raced(new_book: NewBook, log: Log, events: int, rounds: int) -> dict[str, Any]:
    rates: dict[str, list[float]] = {"hub": [], "single": []}
    first = await log.read_all(limit=min(SINGLES, events))
    for _ in range(rounds):
        rates["hub"].append(events / await by_pages(new_book(), log, events))
        rates["single"].append(len(first) / await asyncio.to_thread(singly, new_book(), first))
    return {
        "bench": "project",
        "events": events,
        **told("hub", rates["hub"]),
        **told("single", rates["single"]),
        "ratio_single": ratio(rates["hub"], rates["single"]),
    }


async def by_pages(book: Book[Any], log: Log, events: int) -> float:
    began = time.perf_counter()
    while book.position < events:
        page = await log.read_all(after=book.position, limit=PAGE)
        await asyncio.to_thread(book.apply, page)
    taken = time.perf_counter() - began
    book.close()
    return taken


def singly(book: Book[Any], recorded: Sequence[Recorded]) -> float:
    began = time.perf_counter()
    for one in recorded:
        book.apply([one])
    taken = time.perf_counter() - began
    book.close()
    return taken


async def rebuilt(folder: Path, log: Log, events: int, rounds: int) -> dict[str, Any]:
    runner = Runner(log=log, book=open_book(folder / "views.db", PAGES, "one"), clock=now)
    following = asyncio.create_task(runner.run())
    await runner.reached(events, patience=3600)
    seconds = []
    for _ in range(rounds):
        began = time.perf_counter()
        await rebuild(runner, PAGES, "all")
        seconds.append(time.perf_counter() - began)
    following.cancel()
    await asyncio.wait([following])
    runner.close()
    return {
        "bench": "project",
        "whole": True,
        "events": events,
        "seconds": [round(each, 1) for each in seconds],
    }


if __name__ == "__main__":
    raise SystemExit(main())
