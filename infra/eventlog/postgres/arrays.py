"""Whole columns as PostgreSQL arrays, packed by hand in the binary form: many times quicker than value by value.

The form: dimensions, whether nulls occur, element type, length, lower bound; then a length (-1: null) before each element.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from struct import Struct, pack
from typing import Final
from uuid import UUID

from psycopg import Connection
from psycopg.adapt import Buffer, Dumper
from psycopg.pq import Format

NULL: Final = b"\xff\xff\xff\xff"
LENGTH: Final = Struct(">i").pack
UUID_LENGTH: Final = LENGTH(16)
HEADER: Final = Struct(">iiIii").pack
NOTHING: Final = Struct(">iiI").pack
BIGINT, BYTEA, TEXT, UUID_ = 20, 17, 25, 2950


class Bigints(bytes): ...


class Byteas(bytes): ...


class Texts(bytes): ...


class Uuids(bytes): ...


ARRAYS: Final = {Bigints: 1016, Byteas: 1001, Texts: 1009, Uuids: 2951}


def bigints(values: Sequence[int]) -> Bigints:
    flat = [part for value in values for part in (8, value)]
    return Bigints(_head(BIGINT, len(values)) + pack(">" + "iq" * len(values), *flat))


def byteas(values: Sequence[bytes]) -> Byteas:
    return Byteas(_joined(BYTEA, values))


def texts(values: Iterable[str | None]) -> Texts:
    return Texts(_joined(TEXT, [None if value is None else value.encode() for value in values]))


def uuids(values: Sequence[UUID | None]) -> Uuids:
    parts = [NULL if value is None else UUID_LENGTH + value.bytes for value in values]
    return Uuids(_head(UUID_, len(values), nulls=None in values) + b"".join(parts))


def teach(connection: Connection) -> None:
    """The connection passes such columns on as they are."""
    for kind, dumper in DUMPERS.items():
        connection.adapters.register_dumper(kind, dumper)


class _AsItIs(Dumper):
    format = Format.BINARY

    def dump(self, obj: bytes) -> Buffer:
        return obj


DUMPERS: Final = {kind: type(kind.__name__, (_AsItIs,), {"oid": oid}) for kind, oid in ARRAYS.items()}


def _joined(kind: int, values: Sequence[bytes | None]) -> bytes:
    parts = [_head(kind, len(values), nulls=None in values)]
    for value in values:
        parts += (NULL,) if value is None else (LENGTH(len(value)), value)
    return b"".join(parts)


def _head(kind: int, length: int, *, nulls: bool = False) -> bytes:
    return HEADER(1, nulls, kind, length, 1) if length else NOTHING(0, 0, kind)
