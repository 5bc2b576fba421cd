"""What is on the bus: a block of stored facts, sealed as they are in the log, and the position that must come before it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import msgspec

from infra.codec import StoredRow

LARGEST: Final = 512 * 1024
"""Bytes of facts in one block; NATS takes messages of up to 1 MB."""


class Block(NamedTuple):
    """Facts `first` to `last`, after position `prev`. Without rows they are too large for the bus: read the log."""

    prev: int
    first: int
    last: int
    rows: tuple[StoredRow, ...]


_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(Block).decode


def packed(block: Block) -> bytes:
    return _encode(block)


def unpacked(data: bytes) -> Block:
    """Raises `msgspec.MsgspecError` on anything else."""
    return _decode(data)


def blocks(rows: Sequence[StoredRow]) -> list[Block]:
    """All rows, in as few blocks as their size allows."""
    found: list[Block] = []
    begin = size = 0
    for nth, row in enumerate(rows):
        if nth > begin and size + len(row[4]) > LARGEST:
            found.append(_block(rows[begin:nth], size))
            begin, size = nth, 0
        size += len(row[4])
    return [*found, _block(rows[begin:], size)] if rows else []


def _block(rows: Sequence[StoredRow], size: int) -> Block:
    first, last = rows[0][0], rows[-1][0]
    return Block(first - 1, first, last, tuple(rows) if size <= LARGEST else ())
