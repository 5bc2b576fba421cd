"""The list of who was erased: ids only, beside the master key and so outside every backup of the data folder (record rule 19)."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from hub.domain.ids import BlobId, StreamId
from hub.domain.vocabulary import Actor
from infra.db import sync_folder


@dataclass(frozen=True, slots=True, kw_only=True)
class Doomed:
    """One erasure: all keys of these streams and blobs are to be destroyed. `is_done`: nothing is left to do."""

    number: int
    at: datetime
    by: Actor
    reason: str
    streams: tuple[StreamId, ...]
    blobs: frozenset[BlobId]
    is_done: bool = False


class ErasureList:
    """An append-only file of JSON lines; each is synced before the call returns. A line cut short by a crash does not count."""

    def __init__(self, path: Path) -> None:
        self.path = path
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._append(b"")
            sync_folder(path.parent)

    def all(self) -> list[Doomed]:
        """In the order they were asked for."""
        found: dict[int, Doomed] = {}
        for line in _whole_lines(self.path.read_bytes()):
            _read(json.loads(line), found)
        return list(found.values())

    def pending(self) -> list[Doomed]:
        """What a crash or a restore left to be done."""
        return [one for one in self.all() if not one.is_done]

    def add(
        self, streams: Iterable[StreamId], blobs: Iterable[BlobId], *, at: datetime, by: Actor, reason: str
    ) -> Doomed:
        """Written and synced before anything is destroyed."""
        number = max((one.number for one in self.all()), default=0) + 1
        doomed = Doomed(
            number=number, at=at, by=by, reason=reason, streams=tuple(streams), blobs=frozenset(blobs)
        )
        self._write(_entry(doomed))
        return doomed

    def extend(self, doomed: Doomed, streams: Iterable[StreamId], blobs: Iterable[BlobId]) -> Doomed:
        """More was found to belong to it."""
        more = replace(
            doomed, streams=tuple(dict.fromkeys([*doomed.streams, *streams])), blobs=doomed.blobs | set(blobs)
        )
        if more != doomed:
            self._write(_entry(more))
        return more

    def done(self, doomed: Doomed) -> None:
        self._write({"done": doomed.number})

    def again(self) -> None:
        """After a restore everything on the list has to be done once more."""
        self._write({"again": True})

    def _write(self, entry: dict[str, Any]) -> None:
        self._append(json.dumps(entry).encode() + b"\n")

    def _append(self, line: bytes) -> None:
        handle = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            end = len(b"".join(_whole_lines(os.pread(handle, os.fstat(handle).st_size, 0))))
            os.ftruncate(handle, end)
            os.pwrite(handle, line, end)
            os.fsync(handle)
        finally:
            os.close(handle)


def list_beside(master: Path) -> Path:
    """Where the list of a workspace lives: `<master key>.erasures`."""
    return master.with_name(f"{master.name}.erasures")


def _whole_lines(text: bytes) -> list[bytes]:
    return [line for line in text.splitlines(keepends=True) if line.endswith(b"\n")]


def _entry(doomed: Doomed) -> dict[str, Any]:
    return {
        "number": doomed.number,
        "at": doomed.at.isoformat(),
        "by": [doomed.by.kind, doomed.by.id],
        "reason": doomed.reason,
        "streams": [str(stream) for stream in doomed.streams],
        "blobs": sorted(doomed.blobs),
    }


def _read(entry: dict[str, Any], found: dict[int, Doomed]) -> None:
    if "again" in entry:
        found.update({number: replace(one, is_done=False) for number, one in found.items()})
    elif "done" in entry:
        found[entry["done"]] = replace(found[entry["done"]], is_done=True)
    else:
        found[entry["number"]] = Doomed(
            number=entry["number"],
            at=datetime.fromisoformat(entry["at"]),
            by=Actor(kind=entry["by"][0], id=entry["by"][1]),
            reason=entry["reason"],
            streams=tuple(StreamId(UUID(stream)) for stream in entry["streams"]),
            blobs=frozenset(map(BlobId, entry["blobs"])),
        )
