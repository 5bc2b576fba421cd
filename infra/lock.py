"""One hub per data folder: a lock that dies with its process."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from infra.db import refuse_read_only

NAME: Final = "hub.lock"


class HubRunning(Exception):
    """Another process works on this data folder; the message names it."""

    def __init__(self, data: Path, pid: str) -> None:
        super().__init__(
            f"A hub (pid {pid or 'unknown'}) already works on {data}. "
            "Stop it first, or give this one a data folder of its own (AMENDS_DATA)."
        )
        self.pid = pid


@contextmanager
def one_hub(data: Path) -> Iterator[None]:
    """Hold the data folder, made owner-only when new, until the block ends. Raises `HubRunning`, `UnsafeStore`."""
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    refuse_read_only(data)
    handle = os.open(data / NAME, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _take(handle, data)
        os.ftruncate(handle, 0)
        os.pwrite(handle, str(os.getpid()).encode(), 0)
        yield
    finally:
        os.close(handle)  # gives the lock back, also when the process is killed


def _take(handle: int, data: Path) -> None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise HubRunning(data, os.pread(handle, 32, 0).decode(errors="replace").strip()) from None
