"""How a command speaks to the running hub: JSON lines over a Unix socket that only its owner can open."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import struct
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

NAME: Final = "control.sock"
POINTER: Final = "control.path"
LONGEST: Final = 100
"""A socket's path may have 107 bytes on Linux and fewer elsewhere."""
LARGEST: Final = 256 * 1024 * 1024
"""Room for the largest letter that mail servers pass on, in base64."""

Handler = Callable[[Mapping[str, Any]], Awaitable[Mapping[str, Any]]]


@dataclass(frozen=True, slots=True)
class NotRunning:
    """No hub works on this data folder."""


class ControlRefused(Exception):
    """The hub did not do it; the message says why."""


@asynccontextmanager
async def serve(data: Path, handlers: Mapping[str, Handler]) -> AsyncIterator[Path]:
    """Answer `call` until the block ends. A handler that raises is answered with the error's sentence."""
    path = _place(data)
    path.unlink(missing_ok=True)
    with _unreadable_by_others():
        server = await asyncio.start_unix_server(
            lambda reader, writer: _answer_one(reader, writer, handlers), path, limit=LARGEST
        )
    try:
        yield path
    finally:
        server.close()
        _withdraw(data, path)


async def call(
    data: Path, verb: str, params: Mapping[str, Any] | None = None, *, timeout: float | None = None
) -> dict[str, Any] | NotRunning:
    """Ask the hub on this data folder. Raises `ControlRefused` when it says no, TimeoutError when it says nothing."""
    path = _known_place(data)
    if len(os.fsencode(path)) > LONGEST:
        return NotRunning()
    async with asyncio.timeout(timeout):
        try:
            reader, writer = await asyncio.open_unix_connection(path, limit=LARGEST)
        except (FileNotFoundError, ConnectionRefusedError):
            return NotRunning()
        try:
            writer.write(json.dumps({"verb": verb, "params": dict(params or {})}).encode() + b"\n")
            await writer.drain()
            line = await reader.readline()
        except ConnectionError:
            line = b""
        finally:
            writer.close()
    if not line:
        raise ControlRefused("The hub stopped before it answered. Look at its log, then try again.")
    return _read_answer(json.loads(line))


def _read_answer(answer: dict[str, Any]) -> dict[str, Any]:
    if "refused" in answer:
        raise ControlRefused(answer["refused"])
    done: dict[str, Any] = answer["done"]
    return done


async def _answer_one(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, handlers: Mapping[str, Handler]
) -> None:
    with suppress(ConnectionError):
        if _is_ours(writer.get_extra_info("socket")):
            writer.write(json.dumps(await _answer(await reader.readline(), handlers)).encode() + b"\n")
            await writer.drain()
    writer.close()


async def _answer(line: bytes, handlers: Mapping[str, Handler]) -> dict[str, Any]:
    try:
        asked = json.loads(line)
        handler = handlers[asked["verb"]]
        params = asked.get("params", {})
    except (ValueError, KeyError, TypeError):
        return {
            "refused": f"The hub knows: {', '.join(sorted(handlers))}. Is it another version than this command?"
        }
    try:
        return {"done": dict(await handler(params))}
    except Exception as refused:  # noqa: BLE001 - an edge: the caller must hear of it, the hub goes on
        return {"refused": str(refused) or type(refused).__name__}


def _is_ours(connection: socket.socket) -> bool:
    """The folder's mode keeps others out already; this also holds where modes on sockets are ignored."""
    if not hasattr(socket, "SO_PEERCRED"):
        return True
    credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    _, user, _ = struct.unpack("3i", credentials)
    return bool(user in (os.getuid(), 0))


def _place(data: Path) -> Path:
    """In the data folder, or, where that path is too long, in a private folder whose name is noted there."""
    path = data.absolute() / NAME
    if len(os.fsencode(path)) > LONGEST:
        path = Path(tempfile.mkdtemp(prefix="amends-")) / NAME
        (data / POINTER).write_text(str(path))
    return path


def _known_place(data: Path) -> Path:
    pointer = data / POINTER
    return Path(pointer.read_text()) if pointer.exists() else data.absolute() / NAME


def _withdraw(data: Path, path: Path) -> None:
    path.unlink(missing_ok=True)
    if path.parent != data.absolute():
        (data / POINTER).unlink(missing_ok=True)
        path.parent.rmdir()


class _unreadable_by_others:  # noqa: N801 - reads as a phrase where it is used
    def __enter__(self) -> None:
        self._before = os.umask(0o177)

    def __exit__(self, *_: object) -> None:
        os.umask(self._before)
