"""How many bytes an event takes on disk, against the library's own way of storing the same words.

    python -m bench.bytes --events 20000 --json

`hub`: log and keys, each fact appended by itself with a once-key, as letters are. `library`: an `Application` on SQLite with its
default transcoder; `library_zlib`: with its compressor. Files are closed before they are measured. No rates, so no rounds.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

from bench.letters import message
from bench.replay import ZLIB, fill_library, library
from bench.talks import written
from bench.telling import tell
from hub.domain.ids import StreamId
from infra.eventlog import open_log
from infra.keys import open_keys

STREAMS = 50


def main(given: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="amends bench bytes", description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=20_000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(given)
    with tempfile.TemporaryDirectory() as folder:
        tell(asyncio.run(measured(Path(folder), options.events)), as_json=options.json)
    return 0


async def measured(folder: Path, events: int) -> dict[str, Any]:
    found = {"hub": await hub(folder, events)}
    for name, more in (("library", {}), ("library_zlib", ZLIB)):
        found[name] = of_library(folder / f"{name}.db", more, events)
    sizes = {f"{name}_bytes_per_event": round(size / events) for name, size in found.items()}
    ratios = {f"ratio_{name}": round(found["hub"] / found[name], 3) for name in ("library", "library_zlib")}
    return {"bench": "bytes", "store": "sqlite", "events": events, **sizes, **ratios}


async def hub(folder: Path, events: int) -> int:
    data = folder / "data"
    data.mkdir()
    keys = open_keys(data / "keys.sqlite", folder / "master.key", tell=lambda note: None)
    log, chance = await open_log(data / "log.sqlite", keys), random.Random(1)

    async def fill(stream: StreamId) -> None:
        for version in range(events // STREAMS):
            request = written(stream, version, (message(chance),))
            await log.append(replace(request, once=(os.urandom(32),)))

    await asyncio.gather(*(fill(StreamId(uuid4())) for _ in range(STREAMS)))
    await log.close()
    keys.close()
    return size_of(data)


def of_library(path: Path, more: dict[str, str], events: int) -> int:
    app = library(path, more)
    fill_library(app, events)
    app.close()
    return sum(file.stat().st_size for file in path.parent.glob(f"{path.name}*"))


def size_of(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.iterdir())


if __name__ == "__main__":
    raise SystemExit(main())
