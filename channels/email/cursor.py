"""Which letters of a folder are still to come, and how far everything is on record (record rules 12 and 13). Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from hub.domain.letters import Location


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """A folder being worked off. Everything at or below `settled` is on record.

    `waiting`: UIDs found above it, ascending, not yet on record without a gap; `done`: those of them on record.
    """

    settled: int
    waiting: tuple[int, ...] = ()
    done: frozenset[int] = frozenset()


def starting_point(cursor: Location | None, here: Location) -> Location:
    """Where to go on in the folder `here`, whose UIDVALIDITY is now `here.validity`: at the cursor, else at 0.

    UIDs of another UIDVALIDITY mean nothing (RFC 3501 §2.3.1.1): every letter is looked at again.
    """
    if cursor is not None and cursor == replace(here, uid=cursor.uid):
        return cursor
    return replace(here, uid=0)


def is_rebound(cursor: Location | None, here: Location) -> bool:
    """Whether the same folder was made anew since the cursor was kept."""
    return cursor is not None and cursor.validity not in (0, here.validity)


def new_uids(answer: Iterable[int], last: int) -> tuple[int, ...]:
    """The UIDs above `last`, ascending, each once. A server answers `n:*` with its last letter even if that is below n."""
    return tuple(sorted({uid for uid in answer if uid > last}))


def found(progress: Progress, uids: Iterable[int]) -> Progress:
    """The same with more letters to come; known and settled ones change nothing."""
    waiting = new_uids((*progress.waiting, *uids), progress.settled)
    return replace(progress, waiting=waiting)


def recorded(progress: Progress, uid: int) -> Progress:
    """The same with `uid` on record: `settled` moves to the highest UID with nothing unrecorded at or below it."""
    if uid not in progress.waiting:
        return progress
    done = progress.done | {uid}
    run = _leading(progress.waiting, done)
    settled = progress.waiting[run - 1] if run else progress.settled
    return Progress(settled=settled, waiting=progress.waiting[run:], done=done - set(progress.waiting[:run]))


def _leading(waiting: Sequence[int], done: frozenset[int]) -> int:
    return next((index for index, uid in enumerate(waiting) if uid not in done), len(waiting))


def chunks(uids: Sequence[int], most: int) -> Iterator[tuple[int, ...]]:
    """The same UIDs in order, at most `most` at a time."""
    return (tuple(uids[start : start + most]) for start in range(0, len(uids), most))


def batches(uids: Sequence[int], sizes: Mapping[int, int], most_bytes: int) -> Iterator[tuple[int, ...]]:
    """The same UIDs in order, together at most `most_bytes` unless a single letter is larger. Unknown sizes go alone."""
    batch: tuple[int, ...] = ()
    weight = 0
    for uid in uids:
        size = sizes.get(uid, most_bytes)
        if batch and weight + size > most_bytes:
            yield batch
            batch, weight = (), 0
        batch, weight = (*batch, uid), weight + size
    if batch:
        yield batch


def uid_set(uids: Sequence[int]) -> str:
    """UIDs as an IMAP sequence set, runs joined: (1, 2, 3, 7) → "1:3,7"."""
    runs: list[list[int]] = []
    for uid in uids:
        if runs and uid == runs[-1][-1] + 1:
            runs[-1][1:] = [uid]
        else:
            runs.append([uid])
    return ",".join(":".join(map(str, run)) for run in runs)
