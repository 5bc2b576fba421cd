"""Opening what a fault has left of a data folder, with the real record, and saying whether it is whole."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import hub.domain.events  # noqa: F401 - the names of the facts
from hub.assembly.files import Files
from hub.domain.ids import BlobId
from hub.domain.vocabulary import Erased
from infra.eventlog import open_log
from infra.keys.opening import open_keys
from infra.vault import FolderVault


async def verdict(folder: Path, master: Path, promised: Sequence[str], *, exactly: int | None = None) -> str:
    """ "whole", or what is wrong. `promised`: number and blob of what was acknowledged; `exactly`: how many facts there are."""
    files = Files(folder)
    keys = open_keys(files.keys, master, tell=lambda _: None)
    vault, log = FolderVault(files.vault, keys), await open_log(files.log, keys)
    try:
        facts = await log.read_all()
        if [fact.position for fact in facts] != list(range(1, len(facts) + 1)):
            return "a hole"
        if exactly not in (None, len(facts)):
            return f"{len(facts)} facts"
        held = {getattr(fact.event, "name", None) for fact in facts}
        for number, blob in (promise.split() for promise in promised):
            if f"n{number}" not in held:
                return "a fact is lost"
            if isinstance(await vault.open(BlobId(blob)), Erased):
                return "a blob is lost"
        return "whole"
    finally:
        vault.close()
        await log.close()
        keys.close()
