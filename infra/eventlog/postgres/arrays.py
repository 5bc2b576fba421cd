"""Whole columns as PostgreSQL arrays, packed by hand in the binary form: many times quicker than value by value.

The form: dimensions, whether nulls occur, element type, length, lower bound; then a length (-1: null) before each element.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from struct import Struct, pack
from typing import Final
from uuid import UUID

NULL: Final = b"\xff\xff\xff\xff"
LENGTH: Final = Struct(">i").pack
UUID_LENGTH: Final = LENGTH(16)
HEADER: Final = Struct(">iiIii").pack
NOTHING: Final = Struct(">iiI").pack
BIGINT, BYTEA, TEXT, UUID_ = 20, 17, 25, 2950


def bigints(values: Sequence[int]) -> bytes:
    flat = [part for value in values for part in (8, value)]
    return _head(BIGINT, len(values)) + pack(">" + "iq" * len(values), *flat)


def byteas(values: Sequence[bytes]) -> bytes:
    return _joined(BYTEA, values)


def texts(values: Iterable[str | None]) -> bytes:
    return _joined(TEXT, [None if value is None else value.encode() for value in values])


def uuids(values: Sequence[UUID | None]) -> bytes:
    parts = [NULL if value is None else UUID_LENGTH + value.bytes for value in values]
    return _head(UUID_, len(values), nulls=None in values) + b"".join(parts)


def _joined(kind: int, values: Sequence[bytes | None]) -> bytes:
    parts = [_head(kind, len(values), nulls=None in values)]
    for value in values:
        parts += (NULL,) if value is None else (LENGTH(len(value)), value)
    return b"".join(parts)


def _head(kind: int, length: int, *, nulls: bool = False) -> bytes:
    return HEADER(1, nulls, kind, length, 1) if length else NOTHING(0, 0, kind)
