"""One fact to its stored bytes, and back (record rules 4 and 5; the layout is drawn in `docs/record.md`)."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from struct import Struct, error
from typing import Final, NamedTuple
from uuid import UUID

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from zstandard import ZstdError

from hub.app.ports import Recorded
from hub.domain.ids import Position, StreamId
from hub.domain.vocabulary import REGISTRY, Opaque
from infra.codec import compression
from infra.codec.envelopes import NONCE, UNKNOWN, unpack
from infra.codec.plans import plan
from infra.codec.ring import KeyRing
from infra.codec.upcasting import RETIRED_KEY_FIELD, UPCAST, lifted

TAG: Final = b"\x01"
STAMP: Final = Struct(">BQ")
LENGTH: Final = Struct(">I")
IV: Final = 12
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MOST_CIPHERS: Final = 4096
LONGEST: Final = 60.0
"""Seconds that a cipher made from a key is kept, like the key itself (record rule 20)."""

StoredRow = tuple[int, str, int, str, bytes]
"""position, stream (32 hex digits), version, name, state: a row of the log's table."""

UNDECODABLE: Final = (
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    error,
    InvalidTag,
    ZstdError,
    msgspec.MsgspecError,
)


Unsealed = tuple[StreamId, bytes, object]
"""stream, its envelope by `pack`, event."""


class NoKey(Exception):
    """There is no key to seal this fact with: it was destroyed, or never made."""


class Sealed(NamedTuple):
    """An event ready for the log: all of its stored bytes but the tag and the moment, which the committer puts before."""

    name: str
    rest: bytes


def stamp(recorded_at: int) -> bytes:
    """Tag and moment (µs since 1970, UTC): what stands before `Sealed.rest`."""
    return STAMP.pack(TAG[0], recorded_at)


class Codec:
    """Seals and opens the events of one workspace with the keys of one ring. Any thread may use it."""

    def __init__(self, workspace: UUID, ring: KeyRing) -> None:
        self._bound_to = TAG + workspace.bytes
        self._ring = ring
        self._ciphers: dict[bytes, AESGCM] = {}
        self._emptied = time.monotonic()

    def seal(self, stream: StreamId, packed: bytes, event: object) -> Sealed:
        """One fact, as `seal_all` does it."""
        return self.seal_all([(stream, packed, event)])[0]

    def seal_all(self, facts: Sequence[Unsealed]) -> list[Sealed]:
        """In their order. Raises `NoKey`; KeyError for what is no event; ValueError when it holds `ERASED`.

        What lets go of the interpreter lock (random bytes, compression) is asked for once for all of them.
        """
        random, plans = os.urandom((NONCE + IV) * len(facts)), [plan(type(event)) for _, _, event in facts]
        squeezed = iter(
            compression.squeeze_all(
                [
                    how.sealed_part(event)
                    for how, (_, _, event) in zip(plans, facts, strict=True)
                    if how.sealed_fields
                ]
            )
        )
        sealed, at = [], 0
        for how, (stream, packed, event) in zip(plans, facts, strict=True):
            part, iv_at = how.open_part(event), at + NONCE
            front = b"".join((random[at:iv_at], packed, LENGTH.pack(len(part)), part))
            at = iv_at + IV
            if how.sealed_fields:
                cipher, iv = self._cipher(key_id(how.key_field, stream, event)), random[iv_at:at]
                context = self._context(stream.bytes, how.name, front)
                front = b"".join((front, iv, cipher.encrypt(iv, next(squeezed), context)))
            sealed.append(Sealed(how.name, front))
        return sealed

    def open(self, row: StoredRow) -> Recorded:
        """Never raises over an event's bytes: what can't be read is `Opaque`, what lost its key has `ERASED` fields."""
        position, stream, version, name, state = row
        envelope, nonce, event = UNKNOWN, b"", None
        try:
            envelope, end = unpack(state)
            nonce = state[STAMP.size : STAMP.size + NONCE]
            event = self._open(stream, name, state, end)
        except UNDECODABLE as why:
            event = Opaque(name=name, open_part=open_part_of(state), why=f"{type(why).__name__}: {why}"[:200])
        return Recorded(
            position=Position(position),
            stream=_stream(stream),
            version=version,
            name=name,
            recorded_at=moment(state),
            envelope=envelope,
            nonce=nonce,
            event=event,
        )

    def forget(self) -> None:
        """Drop every cached cipher, after a key was destroyed."""
        self._ciphers = {}
        self._emptied = time.monotonic()

    def _open(self, stream: str, name: str, state: bytes, end: int) -> object:
        if state[0] != TAG[0]:
            raise ValueError(f"stored layout {state[0]} is unknown")
        (length,) = LENGTH.unpack_from(state, end)
        begin = end + LENGTH.size
        front_end = begin + length
        if front_end > len(state):
            raise ValueError("cut short")
        part = state[begin:front_end]
        cls = REGISTRY.get(name)
        if cls is None:
            return self._open_retired(stream, name, state, part, front_end)
        how = plan(cls)
        if not how.sealed_fields:
            return how.decode(part)
        personal = self._unseal(key_of(how.key_field, stream, part), stream, name, state, front_end)
        return how.erased(part) if personal is None else how.decode(spliced(part, personal))

    def _unseal(self, key_id: str, stream: str, name: str, state: bytes, front_end: int) -> bytes | None:
        """The personal fields as JSON; None when the key is gone."""
        key = self._ring.key(key_id)
        if key is None:
            return None
        front = state[STAMP.size : front_end]
        context = self._context(bytes.fromhex(stream), name, front)
        iv_end = front_end + IV
        return compression.unsqueeze(
            self._aead(key).decrypt(state[front_end:iv_end], state[iv_end:], context)
        )

    def _open_retired(self, stream: str, name: str, state: bytes, part: bytes, front_end: int) -> object:
        if name not in UPCAST:
            return Opaque(name=name, open_part=part, why="this version does not know the name")
        owner = key_of(RETIRED_KEY_FIELD.get(name, ""), stream, part)
        personal = self._unseal_retired(owner, stream, name, state, front_end)
        old = msgspec.json.decode(part) | msgspec.json.decode(personal or b"{}")
        newest, new = lifted(name, old)
        return plan(REGISTRY[newest]).today(new, erased=personal is None)

    def _unseal_retired(
        self, owner: str, stream: str, name: str, state: bytes, front_end: int
    ) -> bytes | None:
        """What an old version kept in the open and is personal today goes with the key as well."""
        if len(state) > front_end:
            return self._unseal(owner, stream, name, state, front_end)
        return None if self._ring.key(owner) is None else b"{}"

    def _cipher(self, key_id: str) -> AESGCM:
        key = self._ring.key(key_id)
        if key is None:
            raise NoKey(key_id)
        return self._aead(key)

    def _aead(self, key: bytes) -> AESGCM:
        if len(self._ciphers) >= MOST_CIPHERS or time.monotonic() > self._emptied + LONGEST:
            self.forget()
        found = self._ciphers.get(key)
        if found is None:
            found = self._ciphers[key] = AESGCM(key)
        return found

    def _context(self, stream: bytes, name: str, front: bytes) -> bytes:
        """What a sealed part is bound to; the version is not in it, so a retry need not reseal (record rule 5)."""
        return b"".join((self._bound_to, stream, name.encode(), hashlib.sha256(front).digest()))


def key_id(key_field: str, stream: StreamId, event: object) -> str:
    """Under which key the personal fields of an event are sealed."""
    return getattr(event, key_field) if key_field else str(stream)


def key_of(key_field: str, stream: str, part: bytes) -> str:
    """The same, from stored bytes."""
    return str(msgspec.json.decode(part)[key_field]) if key_field else _text(stream)


def spliced(part: bytes, personal: bytes) -> bytes:
    """Two JSON objects as one; the second is never empty."""
    return personal if part == b"{}" else part[:-1] + b"," + personal[1:]


def open_part_of(state: bytes) -> bytes:
    """The open part as far as it can be found in damaged bytes; else nothing."""
    try:
        _, end = unpack(state)
        (length,) = LENGTH.unpack_from(state, end)
    except UNDECODABLE:
        return b""
    return state[end + LENGTH.size : end + LENGTH.size + length]


def moment(state: bytes) -> datetime:
    """When it was recorded; the epoch when even that is damaged."""
    try:
        return _moment(STAMP.unpack_from(state)[1])
    except (error, OverflowError):
        return EPOCH


@lru_cache(maxsize=256)
def _moment(microseconds: int) -> datetime:
    return EPOCH + timedelta(microseconds=microseconds)


@lru_cache(maxsize=65536)
def _stream(digits: str) -> StreamId:
    return StreamId(UUID(digits))


@lru_cache(maxsize=65536)
def _text(digits: str) -> str:
    return str(_stream(digits))
