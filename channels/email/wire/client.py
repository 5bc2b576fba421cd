"""One connection to one mailbox, over aioimaplib: nothing waits on a dead line, every wait has an end."""

from __future__ import annotations

import asyncio
import re
import ssl
from base64 import b64encode
from collections.abc import Awaitable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from aioimaplib import aioimaplib

from channels.email.cursor import uid_set
from channels.email.wire.protocol import ConnectionLost, HardenedProtocol

T = TypeVar("T")

BEYOND_ASCII = re.compile(r"[^\x20-\x7e]+")
UIDVALIDITY = re.compile(rb"UIDVALIDITY (\d+)")
FETCH_START = re.compile(rb"\d+ FETCH \(")
UID = re.compile(rb"\bUID (\d+)")
SIZE = re.compile(rb"\bRFC822\.SIZE (\d+)")
DATE = re.compile(rb'\bINTERNALDATE "([^"]+)"')
EMPTY_BODY = re.compile(rb'BODY\[\] (?:""|NIL)')
LONGEST_COMMAND = 15 * 60.0
"""Seconds for one command as a whole, however steadily bytes trickle in."""
GOODBYE_S = 2.0
"""Seconds for saying goodbye."""


class MailboxRefused(Exception):
    """The mail server answered a command with NO or BAD."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """What one FETCH answer says of one letter; `body` None when it holds none."""

    uid: int
    size: int = 0
    received_at: datetime | None = None
    body: bytes | None = None


class MailboxClient(aioimaplib.IMAP4):  # type: ignore[misc]
    """One connection to one mailbox. Every method raises `ConnectionLost` as soon as the line is gone, within
    `timeout` seconds of silence at the latest, and `MailboxRefused` for NO and BAD.
    """

    def __init__(self, host: str, port: int, timeout: float, context: ssl.SSLContext | None) -> None:
        super().__init__(host, port, None, timeout, None, context)
        self._torn = False

    def create_client(
        self,
        host: str,
        port: int,
        loop: asyncio.AbstractEventLoop | None,
        conn_lost_cb: Any = None,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        running = asyncio.get_running_loop()
        self.protocol = HardenedProtocol(running)
        self._client_task = running.create_task(
            running.create_connection(lambda: self.protocol, host, port, ssl=ssl_context)
        )

    async def greet(self) -> None:
        """Connect and hear the greeting. Raises `OSError` when there is nobody."""
        await self._bounded(self.wait_hello_from_server())

    async def sign_in(self, user: str, password: str) -> None:
        """LOGIN, then ask for the capabilities anew: aioimaplib misreads those a LOGIN answer carries."""
        _expect_ok(await self._bounded(self.login(aioimaplib.quoted(user), password)), "sign in")
        await self._bounded(self.protocol.capability())

    async def open(self, folder: str) -> int:
        """SELECT; the folder's UIDVALIDITY."""
        answer = _expect_ok(
            await self._bounded(self.select(aioimaplib.quoted(mailbox_name(folder)))), f"open {folder}"
        )
        for line in answer.lines:
            found = UIDVALIDITY.search(bytes(line))
            if found:
                return int(found[1])
        raise MailboxRefused(f"{folder} has no UIDVALIDITY, so its letters can't be told apart")

    async def uids_above(self, last: int) -> list[int]:
        """UIDs the server names for `last+1:*`; may hold lower ones. Raises as all do."""
        self.protocol.announced.clear()
        search = self.uid_search(f"UID {last + 1}:*", charset=None)
        answer = _expect_ok(await self._bounded(search), "search")
        return [int(word) for line in answer.lines[:-1] for word in bytes(line).split() if word.isdigit()]

    async def sizes(self, uids: Sequence[int]) -> dict[int, int]:
        """The server's own figure for the size of each letter."""
        return {letter.uid: letter.size for letter in await self._fetched(uids, "(UID RFC822.SIZE)")}

    async def letters(self, uids: Sequence[int]) -> dict[int, Fetched]:
        """Letters by UID, without setting any flag; those no longer there are missing."""
        answers = await self._fetched(uids, "(UID INTERNALDATE BODY.PEEK[])")
        return {letter.uid: letter for letter in answers if letter.body is not None}

    async def mark_seen(self, uids: Sequence[int]) -> None:
        """Set the Seen flag."""
        store = self.uid("STORE", uid_set(uids), "+FLAGS.SILENT", "(\\Seen)")
        _expect_ok(await self._bounded(store), "mark as seen")

    async def rest(self, seconds: float) -> bool:
        """Wait until something new is announced (True) or `seconds` have passed. With IDLE where the server has it.

        What was announced since the last search counts too: servers answer a search from the folder as it was.
        """
        if not self.has_capability("IDLE"):
            announced = await self._announced(seconds)
            await self._bounded(self.noop())
            return announced
        self._torn = True
        idle = await self._bounded(self.idle_start(timeout=seconds + self.timeout))
        announced = await self._announced(seconds)
        self.idle_done()
        await self._bounded(idle)
        self._torn = False
        return announced

    async def leave(self) -> None:
        """Say goodbye where that can be said at once, then hang up. Whoever is cancelled here stays cancelled."""
        try:
            if self.protocol.transport is not None and not self._torn and not self.protocol.lost.done():
                with suppress(Exception):
                    await self._raced(self.logout(), GOODBYE_S)
        finally:
            for task in (self._client_task, *self.tasks):
                task.cancel()
            self.protocol.fail("left")
        await asyncio.gather(self._client_task, return_exceptions=True)

    async def _announced(self, seconds: float) -> bool:
        with suppress(TimeoutError):
            return await self._raced(self.protocol.announced.wait(), seconds)
        return False

    async def _fetched(self, uids: Sequence[int], parts: str) -> list[Fetched]:
        answer = _expect_ok(
            await self._bounded(self.uid("FETCH", uid_set(uids), parts), LONGEST_COMMAND), "fetch"
        )
        return list(read_fetch(answer.lines[:-1]))

    async def _bounded(self, action: Awaitable[T], seconds: float | None = None) -> T:
        """FETCH has aioimaplib's timer of silence; everything else is bounded as a whole."""
        try:
            return await self._raced(action, seconds or self.timeout)
        except (TimeoutError, aioimaplib.CommandTimeout) as late:
            self.protocol.fail("the mail server stopped answering")
            raise ConnectionLost("the mail server stopped answering") from late
        except (aioimaplib.AioImapException, ValueError) as refused:
            raise MailboxRefused(str(refused)) from refused
        except asyncio.CancelledError:
            # A command was left in the middle: nothing sensible can be said on this line any more.
            self._torn = True
            raise

    async def _raced(self, action: Awaitable[T], seconds: float) -> T:
        """The result of `action`, the loss of the line or the end of the time, whichever comes first.

        `asyncio.wait_for` is no use here: it waits for a cancelled task, and aioimaplib's wait for a greeting can't
        end while its own CAPABILITY holds the lock that both need.
        """
        task = asyncio.ensure_future(action)
        either: set[asyncio.Future[Any]] = {task, self.protocol.lost}
        try:
            await asyncio.wait(either, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                return task.result()
            if self.protocol.lost.done():
                self.protocol.lost.result()
            raise TimeoutError
        finally:
            task.cancel()


def mailbox_name(folder: str) -> str:
    """A folder's name as IMAP wants it: modified UTF-7 (RFC 3501 §5.1.3), so that 投诉 can be followed too."""
    return BEYOND_ASCII.sub(_encoded, folder.replace("&", "&-"))


def _encoded(run: re.Match[str]) -> str:
    letters = b64encode(run[0].encode("utf-16-be", "surrogatepass")).decode().rstrip("=")
    return f"&{letters.replace('/', ',')}-"


def read_fetch(lines: Sequence[bytes | bytearray]) -> Iterator[Fetched]:
    """The letters in a FETCH answer: text lines are bytes, literals bytearrays, as aioimaplib gives them."""
    text, body = b"", None
    for line in lines:
        if isinstance(line, bytearray):
            body = bytes(line)
            continue
        if FETCH_START.match(line) and text:
            yield from _fetched(text, body)
            text, body = b"", None
        text += b" " + line
    yield from _fetched(text, body)


def _fetched(text: bytes, body: bytes | None) -> Iterator[Fetched]:
    uid, size, date = UID.search(text), SIZE.search(text), DATE.search(text)
    if uid is None:
        return
    yield Fetched(
        uid=int(uid[1]),
        size=int(size[1]) if size else 0,
        received_at=_moment(date[1]) if date else None,
        body=b"" if body is None and EMPTY_BODY.search(text) else body,
    )


def _moment(written: bytes) -> datetime | None:
    with suppress(ValueError):
        return datetime.strptime(written.decode("ascii", "replace").strip(), "%d-%b-%Y %H:%M:%S %z")
    return None


def _expect_ok(answer: Any, wish: str) -> Any:
    if answer.result != "OK":
        said = bytes(answer.lines[-1]).decode(errors="replace") if answer.lines else "nothing"
        raise MailboxRefused(f"the mail server would not {wish}: {said}")
    return answer
