"""aioimaplib's protocol, hardened: nothing is read recursively, and a lost line is known at once."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from typing import Any

from aioimaplib import aioimaplib

CRLF = b"\r\n"
LITERAL = re.compile(rb"\{(\d+)\}$")
EXISTS = re.compile(rb"\* \d+ EXISTS", re.IGNORECASE)
UNREADABLE = (aioimaplib.AioImapException, ValueError, LookupError, AttributeError, TypeError)
"""What aioimaplib raises out of the transport's callback when a server talks nonsense."""


class ConnectionLost(Exception):
    """The mail server is gone: closed, reset, timed out, or it said goodbye."""


class HardenedProtocol(aioimaplib.IMAP4ClientProtocol):  # type: ignore[misc]
    """aioimaplib 2.0.3 recurses per line, ignores lost lines and goodbyes, and never answers a failed AUTHENTICATE."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop)
        self.lost: asyncio.Future[None] = loop.create_future()
        self.lost.add_done_callback(lambda future: future.exception())
        self.announced = asyncio.Event()

    def fail(self, why: str) -> None:
        """Every wait on this line ends now."""
        if not self.lost.done():
            self.lost.set_exception(ConnectionLost(why))
        for task in self.tasks:
            task.cancel()
        if self.transport is not None:
            self.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self.fail(f"connection lost: {exc}" if exc else "the mail server closed the connection")
        super().connection_lost(exc)

    def data_received(self, d: bytes) -> None:
        try:
            super().data_received(d)
        except UNREADABLE as broken:
            self.fail(f"an answer that can't be read: {broken}")

    def _handle_responses(
        self, data: bytes, line_handler: Callable[[bytes, Any], Any], current_cmd: Any = None
    ) -> None:
        """The same grammar as the original, in a loop over one buffer instead of a call and a copy per line."""
        at = 0
        while at < len(data):
            if current_cmd is not None and current_cmd.wait_literal_data():
                missing = current_cmd._expected_size - len(current_cmd._resp_literal_data)
                current_cmd.append_literal_data(data[at : at + missing])
                at = min(at + missing, len(data))
                continue
            end = data.find(CRLF, at)
            if end < 0:
                raise aioimaplib.IncompleteRead(current_cmd, data[at:])
            current_cmd = self._next_command(data[at:end], line_handler, current_cmd)
            at = end + len(CRLF)
        if self.pending_sync_command is not None:
            self.pending_sync_command.flush()
        if current_cmd is not None and current_cmd.wait_data():
            raise aioimaplib.IncompleteRead(current_cmd)

    def _next_command(self, line: bytes, line_handler: Callable[[bytes, Any], Any], current: Any) -> Any:
        command = line_handler(line, current)
        literal = LITERAL.search(line)
        if literal:
            command = command if command is not None else aioimaplib.Command("NIL", "unused")
            command.begin_literal_data(int(literal[1]))
            return command
        return command if command is not None and command.wait_data() else None

    def _handle_line(self, line: bytes, current_cmd: Any) -> Any:
        if EXISTS.fullmatch(line):
            self.announced.set()
        if current_cmd is None and line[:5].upper() == b"* BYE":
            self.fail(f"the mail server said goodbye: {line[6:].decode(errors='replace')}")
            return None
        return super()._handle_line(line, current_cmd)

    def _continuation(self, line: bytes) -> None:
        waiting = self.pending_sync_command
        if waiting is not None and waiting.name == "AUTHENTICATE":
            self.transport.write(CRLF)
            return
        super()._continuation(line)
