"""An IMAP server of a few lines that misbehaves exactly as told, on the loopback without TLS."""

import asyncio
import re
from collections import Counter
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

DATE = '"22-Nov-2026 02:43:10 +0000"'


@dataclass
class ImapPeer:
    """`folder`: UID → letter. `faults`: verb → "bye", "drop", "silence", "no" or "cut" (in the middle of a letter),
    each done once per entry in the list. `ghosts`: UIDs a search names though there is no letter.
    """

    folder: dict[int, bytes] = field(default_factory=dict)
    validity: int = 1
    faults: dict[str, list[str]] = field(default_factory=dict)
    ghosts: set[int] = field(default_factory=set)
    has_idle: bool = True
    port: int = 0
    connections: int = 0
    seen: set[int] = field(default_factory=set)
    asked: Counter[str] = field(default_factory=Counter)
    fetched: list[str] = field(default_factory=list)
    told: dict[asyncio.StreamWriter, int] = field(default_factory=dict)
    news: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def arrive(self, uid: int, letter: bytes) -> None:
        self.folder[uid] = letter
        async with self.news:
            self.news.notify_all()

    def fault(self, verb: str) -> str:
        waiting = self.faults.get(verb)
        return waiting.pop(0) if waiting else ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        with suppress(ConnectionError, EOFError):
            if not await self._misbehave("greeting", "*", writer):
                writer.write(b"* OK ready\r\n")
            while line := (await reader.readline()).decode().strip():
                tag, _, rest = line.partition(" ")
                verb = rest.upper().removeprefix("UID ").partition(" ")[0]
                self.asked[verb] += 1
                if await self._misbehave(verb, tag, writer):
                    continue
                await self._obey(verb, rest, reader, writer)
                writer.write(f"{tag} OK done\r\n".encode())
                await writer.drain()
        writer.close()

    async def _misbehave(self, verb: str, tag: str, writer: asyncio.StreamWriter) -> bool:
        fault = self.fault(verb)
        if fault == "silence":
            await asyncio.Event().wait()
        if fault == "bye":
            writer.write(b"* BYE going down\r\n")
            await asyncio.Event().wait()
        if fault == "cut":
            writer.write(b"* 1 FETCH (UID 1 BODY[] {1000}\r\nFrom: a")
            await writer.drain()
        if fault in ("drop", "cut"):
            writer.transport.abort() if fault == "cut" else writer.close()
            raise EOFError
        if fault == "no":
            writer.write(f"{tag} NO not now\r\n".encode())
        if fault == "nonsense":
            writer.write(b"ZZZ9 OK who asked\r\n")
        return bool(fault)

    async def _obey(
        self, verb: str, rest: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        if verb == "CAPABILITY":
            writer.write(b"* CAPABILITY IMAP4rev1" + b" IDLE" * self.has_idle + b"\r\n")
        if verb == "SELECT":
            self.told[writer] = len(self.folder)
            writer.write(f"* {len(self.folder)} EXISTS\r\n* OK [UIDVALIDITY {self.validity}] x\r\n".encode())
        if verb == "SEARCH":
            writer.write(f"* SEARCH {self._search(rest)}\r\n".encode())
        if verb == "FETCH":
            self._fetch(rest, writer)
        if verb == "STORE":
            self.seen |= set(self._named(rest))
        if verb == "IDLE":
            await self._idle(reader, writer)

    def _search(self, rest: str) -> str:
        first = int(re.search(r"UID (\d+):\*", rest)[1])
        every = sorted({*self.folder, *self.ghosts})
        hits = [uid for uid in every if uid >= first] or every[-1:]
        return " ".join(map(str, hits))

    def _named(self, rest: str) -> list[int]:
        wanted = []
        for part in rest.split()[2].split(","):
            low, _, high = part.partition(":")
            wanted += [uid for uid in range(int(low), int(high or low) + 1) if uid in self.folder]
        return wanted

    def _fetch(self, rest: str, writer: asyncio.StreamWriter) -> None:
        if "BODY" in rest:
            self.fetched.append(rest.split()[2])
        for uid in self._named(rest):
            letter = self.folder[uid]
            if "BODY" not in rest:
                writer.write(f"* {uid} FETCH (RFC822.SIZE {len(letter)} UID {uid})\r\n".encode())
                continue
            head = f"* {uid} FETCH (BODY[] {{{len(letter)}}}\r\n".encode()
            writer.write(head + letter + f" INTERNALDATE {DATE} UID {uid})\r\n".encode())

    async def _idle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"+ idling\r\n")
        done = asyncio.ensure_future(reader.readline())
        while not done.done():
            self._tell_news(writer)
            news = asyncio.ensure_future(self._news())
            await asyncio.wait({done, news}, return_when=asyncio.FIRST_COMPLETED)
            news.cancel()
        if done.result().strip().upper() != b"DONE":
            raise EOFError

    def _tell_news(self, writer: asyncio.StreamWriter) -> None:
        """A connection hears of every change once, as RFC 3501 section 7 has it."""
        if self.told.get(writer, 0) != len(self.folder):
            self.told[writer] = len(self.folder)
            writer.write(f"* {len(self.folder)} EXISTS\r\n".encode())

    async def _news(self) -> None:
        async with self.news:
            await self.news.wait()


@asynccontextmanager
async def imap_peer(**how):
    """A peer that behaves, but for the faults given."""
    peer = ImapPeer(**how)
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.current_task())
        with suppress(asyncio.CancelledError):
            await peer.serve(reader, writer)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    peer.port = server.sockets[0].getsockname()[1]
    try:
        yield peer
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
