"""Mail servers that misbehave exactly as told: SMTP on the loopback, one connection after the other."""

import asyncio
from collections.abc import Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

DROP = "drop"
SILENCE = "silence"


@dataclass
class SmtpPeer:
    """`answers`: verb → reply line, DROP or SILENCE, or a list of those for repeated verbs. "dot" answers the letter,
    "greeting" opens. `cut_after`: hang up after so many bytes of a letter. What came in full is in `letters`.
    """

    answers: Mapping[str, object] = field(default_factory=dict)
    cut_after: int | None = None
    port: int = 0
    connections: int = 0
    said: list[str] = field(default_factory=list)
    letters: list[bytes] = field(default_factory=list)

    def answer(self, verb: str) -> str:
        given = self.answers.get(verb, USUAL.get(verb, "500 what?"))
        if isinstance(given, list):
            return given.pop(0) if given else USUAL.get(verb, "500 what?")
        return str(given)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError, EOFError):
                await self._talk(reader, writer)
        finally:
            writer.transport.abort() if self.cut_after is not None else writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._reply(writer, "greeting")
        while line := (await reader.readline()).decode().strip():
            verb = line.partition(" ")[0].upper()
            self.said.append(line)
            await self._reply(writer, verb)
            if verb == "QUIT":
                return
            if verb == "DATA" and self.answer_was.startswith("354"):
                self.letters.append(await self._letter(reader))
                await self._reply(writer, "dot")

    async def _letter(self, reader: asyncio.StreamReader) -> bytes:
        if self.cut_after is not None:
            await reader.readexactly(self.cut_after)
            raise EOFError
        return await reader.readuntil(b"\r\n.\r\n")

    async def _reply(self, writer: asyncio.StreamWriter, verb: str) -> None:
        self.answer_was = self.answer(verb)
        if self.answer_was == DROP:
            raise EOFError
        if self.answer_was == SILENCE:
            await asyncio.Event().wait()
        writer.write(self.answer_was.replace("\n", "\r\n").encode() + b"\r\n")
        await writer.drain()


USUAL = {
    "greeting": "220 peer",
    "EHLO": "250-peer\n250 8BITMIME",
    "HELO": "250 peer",
    "MAIL": "250 ok",
    "RCPT": "250 ok",
    "DATA": "354 go on",
    "dot": "250 kept as 42",
    "RSET": "250 ok",
    "QUIT": "221 bye",
}


@asynccontextmanager
async def smtp_peer(cut_after: int | None = None, **answers: object):
    """A peer that behaves, but for the answers given."""
    peer = SmtpPeer(answers=answers, cut_after=cut_after)
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.current_task())
        with suppress(asyncio.CancelledError):
            await peer.serve(reader, writer)

    server = await asyncio.start_server(serve, "127.0.0.1", 0, limit=2**24)
    peer.port = server.sockets[0].getsockname()[1]
    try:
        yield peer
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
