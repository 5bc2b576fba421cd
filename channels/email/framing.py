"""How hub and reading worker speak over a pipe: a length of four bytes, big endian, then the message."""

from __future__ import annotations

from asyncio.subprocess import Process


async def send(process: Process, message: bytes) -> None:
    if process.stdin is None:
        raise EOFError
    process.stdin.write(len(message).to_bytes(4, "big"))
    process.stdin.write(message)
    await process.stdin.drain()


async def receive(process: Process, most: int) -> bytes:
    """One message of at most `most` bytes."""
    if process.stdout is None:
        raise EOFError
    size = int.from_bytes(await process.stdout.readexactly(4), "big")
    if size > most:
        raise ValueError(f"an answer of {size} bytes is longer than {most}")
    return await process.stdout.readexactly(size)
