"""INBOXes of the demo server: pymap's in-memory folders, with every letter also a file, so that a restart goes on."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pymap.backend.dict.mailbox import MailboxData, MailboxSet, Message
from pymap.concurrent import Event
from pymap.parsing.message import AppendMessage
from pymap.selected import SelectedMailbox

VALIDITY = "uidvalidity"
GONE = ".gone"


class KeptInbox(MailboxData):
    """One INBOX whose letters are files `<uid>.eml`; a deleted one leaves an empty `<uid>.gone`, so no UID comes twice."""

    def __init__(self, content_cache: Any, thread_cache: Any, folder: Path | None) -> None:
        super().__init__(content_cache, thread_cache)
        self.folder = folder
        self._one_at_a_time = asyncio.Lock()
        self.raw: dict[int, bytes] = {}

    async def load(self) -> None:
        """Read the folder back, in UID order, under the UIDVALIDITY it always had."""
        if self.folder is None:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        self._uid_validity = _lasting_validity(self.folder, self._uid_validity)
        for path in sorted(self.folder.glob("*.*"), key=_uid):
            self._max_uid = _uid(path) - 1
            if path.suffix == ".eml":
                arrived = datetime.fromtimestamp(path.stat().st_mtime, UTC)
                await self._place(AppendMessage(path.read_bytes(), arrived, frozenset()))
        self._max_uid = max([self._max_uid, *(_uid(path) for path in self.folder.glob("*.*"))])

    async def append(self, append_msg: AppendMessage, *, recent: bool = False) -> Message:
        """On disk and synced first: the sender's 250 means kept."""
        async with self._one_at_a_time:
            if self.folder is not None:
                _write(self.folder / f"{self._max_uid + 1}.eml", bytes(append_msg.literal))
            return await self._place(append_msg, recent=recent)

    async def update_selected(
        self, selected: SelectedMailbox, *, wait_on: Event | None = None
    ) -> SelectedMailbox:
        """pymap sleeps through what came between a search and the IDLE after it; such news is told at once."""
        seen = selected.mod_sequence
        late = seen is not None and seen < self._mod_sequences.highest
        return await super().update_selected(selected, wait_on=None if late else wait_on)

    async def delete(self, uids: Iterable[int]) -> None:
        gone = list(uids)
        await super().delete(gone)
        for uid in gone:
            self.raw.pop(uid, None)
            if self.folder is not None:
                (self.folder / f"{uid}{GONE}").touch()
                (self.folder / f"{uid}.eml").unlink(missing_ok=True)

    async def _place(self, letter: AppendMessage, *, recent: bool = False) -> Message:
        message = await super().append(letter, recent=recent)
        self.raw[message.uid] = bytes(letter.literal)
        return message


async def open_mailboxes(folder: Path | None) -> tuple[MailboxSet, KeptInbox]:
    """The folders of one user; only INBOX lasts."""
    mailboxes = MailboxSet()
    inbox = KeptInbox(mailboxes._content_cache, mailboxes._thread_cache, folder)
    await inbox.load()
    mailboxes._inbox = inbox
    return mailboxes, inbox


def _uid(path: Path) -> int:
    return int(path.stem) if path.stem.isdigit() else 0


def _lasting_validity(folder: Path, fresh: int) -> int:
    path = folder / VALIDITY
    if not path.exists():
        _write(path, str(fresh).encode())
    return int(path.read_text())


def _write(path: Path, content: bytes) -> None:
    part = path.parent / f".{path.name}~"
    with part.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    part.rename(path)
