"""A record that keeps a blob and a fact again and again, and says so on its output once each is acknowledged.

    python -m tests.faults.power_child FOLDER MASTER_KEY COUNT [unsynced|nameless|hasty|stubborn|deaf]

With `stubborn` it goes on with the next fact when one is refused, and says why. `deaf` is stubborn, too, and does not hear when the sync of a file failed. The other words break a guard: with `hasty`
it says so before the record does; with `unsynced` the log's commits no longer wait for their sync; with `nameless` the vault
syncs its files and not the folders that name them.
"""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import UUID

from hub.app.ports import Envelope, LogStopped, Request, Write
from hub.assembly.files import Files
from hub.domain.customer.events import CustomerNamed
from hub.domain.ids import CommandId, StreamId
from hub.domain.vocabulary import Actor
from infra import vault as vault_module
from infra.eventlog import open_log
from infra.keys.opening import open_keys
from infra.vault import FolderVault


async def work(folder: Path, master: Path, count: int, sabotage: str) -> None:
    files = Files(folder)
    if sabotage == "nameless":
        vault_module.sync_folder = lambda folder: None
    if sabotage == "deaf":
        sync = os.fsync

        def hears_nothing(handle: int) -> None:
            with suppress(OSError):
                sync(handle)

        os.fsync = hears_nothing
    keys = open_keys(files.keys, master, tell=lambda _: None)
    vault, log = FolderVault(files.vault, keys), await open_log(files.log, keys)
    if sabotage == "unsynced":
        log._store._db.execute("PRAGMA synchronous = NORMAL")
    for number in range(1, count + 1):
        try:
            (blob,) = await vault.keep([f"letter {number} ".encode() * number])
            if sabotage == "hasty":
                os.write(1, f"ack {number} {blob}\n".encode())
            await log.append(fact(number))
        except (OSError, LogStopped) as refused:
            if sabotage not in ("stubborn", "deaf"):
                raise
            os.write(1, f"refused {number} {type(refused).__name__}: {refused}\n".encode())
            continue
        if sabotage != "hasty":
            os.write(1, f"ack {number} {blob}\n".encode())
    vault.close()
    await log.close()
    keys.close()


def fact(number: int) -> Any:
    """The number-th fact, in the number-th stream."""
    envelope = Envelope(actor=Actor(kind="bot", id="tester"), command=CommandId(UUID(int=number)))
    named = Write(stream=StreamId(UUID(int=number)), expected=0, events=(CustomerNamed(name=f"n{number}"),))
    return Request(envelope=envelope, writes=(named,), once=(number.to_bytes(32, "big"),))


if __name__ == "__main__":
    asyncio.run(work(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), "".join(sys.argv[4:])))
