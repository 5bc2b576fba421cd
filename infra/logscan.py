"""Facts of a few kinds from the whole log, read in short steps so that no read transaction grows old (record rule 1)."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from contextlib import closing
from pathlib import Path
from typing import Final

from hub.app.ports import Recorded
from infra.codec import Codec
from infra.db import open_reader

STEP: Final = 20_000


async def facts_named(path: Path, codec: Codec, names: Collection[str]) -> list[Recorded]:
    """Every fact with one of these names, in order."""
    return await asyncio.to_thread(_facts_named, path, codec, list(names))


def _facts_named(path: Path, codec: Codec, names: list[str]) -> list[Recorded]:
    sql = (
        "SELECT position, originator_id, originator_version, topic, state FROM stored_events "  # noqa: S608 - marks only
        f"WHERE position > ? AND position <= ? AND topic IN ({', '.join('?' * len(names))}) ORDER BY position"
    )
    with closing(open_reader(path)) as reader:
        (head,) = reader.execute("SELECT coalesce(max(position), 0) FROM stored_events").fetchone()
        pages = (reader.execute(sql, (at, at + STEP, *names)).fetchall() for at in range(0, head, STEP))
        return [codec.open(row) for page in pages for row in page]
