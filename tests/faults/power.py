"""Power cuts, made offline: from what a process did to a folder to what may be left of it when the power fails at some moment.

What was synced before the cut stands. Everything else is kept, dropped or torn, as the dice fall. Two models of what a
sync settles: `journalled`, where names are settled in order by any later sync, as journalling file systems do, and
`strict`, where a name that came, went or moved is settled only by a sync of its own folder.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path, PurePosixPath
from random import Random
from typing import Literal

from tests.faults.tracing import Done

Model = Literal["journalled", "strict"]
SECTOR = 512
FOLDER = -1
ACKNOWLEDGED = b"ack "


@dataclass(frozen=True, slots=True)
class Bytes:
    """A write at an offset, or a truncation to it (data None), of file number `file`."""

    start: int
    end: int
    file: int
    offset: int
    data: bytes | None


@dataclass(frozen=True, slots=True)
class Name:
    """`path` now names file number `file`, a folder (-1), or nothing (None)."""

    start: int
    end: int
    path: str
    file: int | None


@dataclass(frozen=True, slots=True)
class Sync:
    start: int
    end: int
    file: int | None
    folder: str | None


@dataclass(slots=True)
class Story:
    """Everything that happened below `folder`, and when it acknowledged what."""

    folder: str
    bytes: list[Bytes] = field(default_factory=list)
    names: list[list[Name]] = field(default_factory=list)
    syncs: list[Sync] = field(default_factory=list)
    acknowledged: list[tuple[int, str]] = field(default_factory=list)
    moments: list[int] = field(default_factory=list)


def story_of(done: Sequence[Done], folder: Path) -> Story:
    """Follow names and handles, so that each write is known by its file and not by what it was called then."""
    writer = Writer(Story(str(folder)))
    for one in done:
        if one.name == "write" and one.data.startswith(ACKNOWLEDGED):
            what = one.data.removeprefix(ACKNOWLEDGED).decode().strip()
            writer.story.acknowledged.append((one.start, what))
        elif any(is_ours(path, str(folder)) for path in one.paths):
            writer.story.moments.append(one.end)
            getattr(writer, one.name)(one, one.paths[0])
    return writer.story


def is_ours(path: str, folder: str) -> bool:
    """The shared-memory index of a write-ahead log is made anew after a cut, and written by no call that we see."""
    return path.startswith(folder) and not path.endswith("-shm")


@dataclass(slots=True)
class Writer:
    """One method for each kind of call. `files` is what the names stand for now, `offsets` where each handle is."""

    story: Story
    files: dict[str, int] = field(default_factory=dict)
    offsets: dict[int, int] = field(default_factory=dict)
    fresh: Iterator[int] = field(default_factory=count)

    def open(self, one: Done, path: str) -> None:
        self.offsets[one.handle] = 0
        if "O_CREAT" in one.flags and path not in self.files:
            self.files[path] = next(self.fresh)
            self._name(one, (path, self.files[path]))
        if "O_TRUNC" in one.flags and path in self.files:
            self._bytes(one, path, 0, None)

    def write(self, one: Done, path: str) -> None:
        offset = one.number
        if offset < 0:
            offset = self.offsets.get(one.handle, 0)
            self.offsets[one.handle] = offset + len(one.data)
        self._bytes(one, path, offset, one.data)

    def truncate(self, one: Done, path: str) -> None:
        self._bytes(one, path, one.number, None)

    def sync(self, one: Done, path: str) -> None:
        file = self.files.get(path)
        self.story.syncs.append(Sync(one.start, one.end, file, path if file is None else None))

    def rename(self, one: Done, path: str) -> None:
        to = one.paths[1]
        self.files[to] = self.files.pop(path)
        self._name(one, (path, None), (to, self.files[to]))

    def link(self, one: Done, path: str) -> None:
        self.files[one.paths[1]] = self.files[path]
        self._name(one, (one.paths[1], self.files[path]))

    def unlink(self, one: Done, path: str) -> None:
        self.files.pop(path, None)
        self._name(one, (path, None))

    def mkdir(self, one: Done, path: str) -> None:
        self._name(one, (path, FOLDER))

    def close(self, one: Done, path: str) -> None:
        """Nothing of a file changes."""

    def _bytes(self, one: Done, path: str, offset: int, data: bytes | None) -> None:
        self.story.bytes.append(Bytes(one.start, one.end, self.files[path], offset, data))

    def _name(self, one: Done, *named: tuple[str, int | None]) -> None:
        self.story.names.append([Name(one.start, one.end, path, file) for path, file in named])


def left_of(story: Story, cut: int, model: Model, dice: Random, into: Path) -> None:
    """Lay down below `into` what a cut after line `cut` of the trace may leave."""
    syncs = [sync for sync in story.syncs if sync.end <= cut]
    names = named(story, cut, model, syncs, dice)
    contents = filled(story, cut, syncs, dice)
    for path, file in sorted(names.items()):
        place = into / PurePosixPath(path).relative_to(story.folder)
        if file == FOLDER:
            place.mkdir(parents=True, exist_ok=True)
        else:
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(contents.get(file, b""))


def named(story: Story, cut: int, model: Model, syncs: Sequence[Sync], dice: Random) -> dict[str, int]:
    happened = [change for change in story.names if change[0].end <= cut]
    kept = in_order(happened, syncs, dice) if model == "journalled" else each(happened, syncs, dice)
    names: dict[str, int] = {}
    for change in kept:
        if change.file is None:
            names.pop(change.path, None)
        else:
            names[change.path] = change.file
    return names


def in_order(happened: Sequence[list[Name]], syncs: Sequence[Sync], dice: Random) -> Iterator[Name]:
    """All that happened before the last sync began, then some more, without leaving one out."""
    last = max((sync.start for sync in syncs), default=-1)
    sure = sum(change[0].end < last for change in happened)
    for change in happened[: dice.randint(sure, len(happened))]:
        yield from change


def each(happened: Sequence[list[Name]], syncs: Sequence[Sync], dice: Random) -> Iterator[Name]:
    """Each change by itself: settled when its own folder was synced after it, else by the dice."""
    for change in happened:
        for name in change:
            folder = str(PurePosixPath(name.path).parent)
            is_settled = any(sync.folder == folder and sync.start > name.end for sync in syncs)
            if is_settled or dice.random() < 0.5:
                yield name


def filled(story: Story, cut: int, syncs: Sequence[Sync], dice: Random) -> dict[int, bytes]:
    last = {sync.file: sync.start for sync in syncs if sync.file is not None}
    contents: dict[int, bytearray] = {}
    for one in story.bytes:
        if one.start > cut:
            continue
        is_settled = one.end < last.get(one.file, -1)
        put(contents.setdefault(one.file, bytearray()), one, dice, is_settled=is_settled)
    return {file: bytes(content) for file, content in contents.items()}


def put(content: bytearray, one: Bytes, dice: Random, *, is_settled: bool) -> None:
    if not is_settled and dice.random() < 0.5:
        return
    if one.data is None:
        del content[one.offset :]
        content.extend(bytes(one.offset - len(content)))
        return
    data = one.data
    if not is_settled and dice.random() < 0.3:
        data = data[: dice.randrange(0, len(data) + 1, SECTOR)]
    content.extend(bytes(max(0, one.offset + len(data) - len(content))))
    content[one.offset : one.offset + len(data)] = data
