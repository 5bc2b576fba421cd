"""Raw letters and files: sealed each under a fresh key, named by the hash of the sealed bytes, never shared (record rule 2)."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol
from uuid import uuid4

import zstandard
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from hub.app.ports import BlobMissing, LogPaused
from hub.domain.ids import BlobId
from hub.domain.vocabulary import ERASED, Erased
from infra.db import sync_folder
from infra.files import write_synced
from infra.keys.keyfile import KeyState
from infra.together import Together

PLAIN: Final = b"\x01"
ZSTD: Final = b"\x02"
INCOMING: Final = "incoming"
INLINE: Final = 64 * 1024


class BlobKeys(Protocol):
    """What the vault needs of the keys."""

    def key(self, key_id: str) -> bytes | None: ...

    def state(self, key_id: str) -> KeyState: ...

    async def put(self, keys: Mapping[str, bytes]) -> None: ...

    async def destroy(self, key_ids: Iterable[str]) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """Sealed bytes and the key that alone opens them."""

    blob: BlobId
    key: bytes = field(repr=False)
    content: bytes = field(repr=False)


def seal(content: bytes) -> Sealed:
    """tag ‖ iv ‖ AES-256-GCM(content, compressed where that helps; AAD = tag), under a key used only here."""
    key, iv, small = secrets.token_bytes(32), secrets.token_bytes(12), zstandard.compress(content, 3)
    tag, body = (ZSTD, small) if len(small) < len(content) else (PLAIN, content)
    sealed = tag + iv + AESGCM(key).encrypt(iv, body, tag)
    return Sealed(blob=BlobId(hashlib.sha256(sealed).hexdigest()), key=key, content=sealed)


def unseal(sealed: bytes, key: bytes) -> bytes:
    """Raises `InvalidTag` when it is not the key or not the bytes."""
    tag, iv = sealed[:1], sealed[1:13]
    body = AESGCM(key).decrypt(iv, sealed[13:], tag)
    return zstandard.decompress(body) if tag == ZSTD else body


NO_ROOM: Final = (errno.ENOSPC, errno.EDQUOT)


class VaultFull(LogPaused):
    """A letter or file could not be kept; nothing of it is acknowledged, and the same may be tried again."""


class FolderVault:
    """The `Vault` port over a folder of 256 folders; concurrent writers share the syncs."""

    def __init__(self, folder: Path, keys: BlobKeys, *, workers: int = 4) -> None:
        self.folder, self._keys = folder, keys
        (folder / INCOMING).mkdir(parents=True, exist_ok=True, mode=0o700)
        sync_folder(folder.parent)
        self._settled = {path for path in folder.iterdir() if path.name != INCOMING}
        sync_folder(folder)
        self._syncing = ThreadPoolExecutor(workers, thread_name_prefix="vault-sync")
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="vault")
        self._together: Together[list[Sealed], None] = Together(self._write, self._writer, cap=64)

    async def keep(self, contents: Sequence[bytes]) -> list[BlobId]:
        """Seal, commit the keys, write and sync files, then folders; ids in the order of `contents`. Raises `VaultFull`."""
        if not contents:
            return []
        sealed = await _sealed_all(contents)
        await self._keys.put({one.blob: one.key for one in sealed})
        try:
            await self._together(sealed)
        except OSError as failure:
            if failure.errno in NO_ROOM:
                raise VaultFull(
                    f"The disk of {self.folder} is full. Free some space; the hub then goes on by itself."
                ) from failure
            raise
        return [one.blob for one in sealed]

    async def open(self, blob: BlobId) -> bytes | Erased:
        """The content; `ERASED` once its key was destroyed. Raises `BlobMissing`."""
        key = self._keys.key(blob)
        if key is None:
            return missing_key(blob, self._keys.state(blob))
        return await asyncio.to_thread(self._opened, blob, key)

    async def destroy(self, blobs: Iterable[BlobId]) -> None:
        """Destroy keys first, then files; both may be gone already."""
        doomed = list(blobs)
        await self._keys.destroy(doomed)
        await asyncio.to_thread(self._remove, doomed)

    def sound(self, blob: BlobId) -> bool:
        """The sealed file is there and has its hash, whether or not it can still be opened."""
        return self._sealed(blob) is not None

    def blobs(self) -> Iterator[tuple[BlobId, Path]]:
        """Every sealed file in the folder."""
        for path in self.folder.glob("[0-9a-f][0-9a-f]/*"):
            yield BlobId(path.parent.name + path.name), path

    def path(self, blob: BlobId) -> Path:
        return self.folder / blob[:2] / blob[2:]

    def close(self) -> None:
        self._writer.shutdown()
        self._syncing.shutdown()

    def _write(self, batch: list[list[Sealed]]) -> list[None]:
        """One folder sync for all who wait, after every file of the batch was synced."""
        everything = [one for sealed in batch for one in sealed]
        folders = {self.path(one.blob).parent for one in everything}
        if fresh := folders - self._settled:
            for folder in fresh:
                folder.mkdir(mode=0o700, exist_ok=True)
            sync_folder(
                self.folder
            )  # also of one that is there: whoever made it may not have synced its name yet
            self._settled |= fresh
        list(self._syncing.map(self._write_one, everything))
        list(self._syncing.map(sync_folder, folders))
        return [None] * len(batch)

    def _write_one(self, sealed: Sealed) -> None:
        beside = self.folder / INCOMING / uuid4().hex
        write_synced(beside, sealed.content)
        beside.rename(self.path(sealed.blob))

    def _opened(self, blob: BlobId, key: bytes) -> bytes:
        sealed = self._sealed(blob)
        if sealed is None:
            raise BlobMissing(f"Blob {blob} is missing or damaged; put it back from a backup.")
        try:
            return unseal(sealed, key)
        except InvalidTag as wrong:
            raise BlobMissing(
                f"Blob {blob} does not open with its key; put the keys back from a backup."
            ) from wrong

    def _sealed(self, blob: BlobId) -> bytes | None:
        if not is_blob_id(blob):
            return None
        try:
            sealed = self.path(blob).read_bytes()
        except OSError:
            return None
        return sealed if hashlib.sha256(sealed).hexdigest() == blob else None

    def _remove(self, blobs: list[BlobId]) -> None:
        paths = [self.path(blob) for blob in blobs if is_blob_id(blob)]
        for path in paths:
            path.unlink(missing_ok=True)
        for folder in {path.parent for path in paths if path.parent.exists()}:
            sync_folder(folder)


async def _sealed_all(contents: Sequence[bytes]) -> list[Sealed]:
    """A letter is sealed in some 50 µs, less than handing it to a thread; big files leave the loop free."""
    if sum(map(len, contents)) <= INLINE:
        return [seal(content) for content in contents]
    return await asyncio.to_thread(lambda: [seal(content) for content in contents])


class MemoryVault:
    """The same promises without a disk."""

    def __init__(self, keys: BlobKeys) -> None:
        self._keys, self.sealed = keys, dict[BlobId, bytes]()

    async def keep(self, contents: Sequence[bytes]) -> list[BlobId]:
        sealed = [seal(content) for content in contents]
        await self._keys.put({one.blob: one.key for one in sealed})
        self.sealed.update({one.blob: one.content for one in sealed})
        return [one.blob for one in sealed]

    async def open(self, blob: BlobId) -> bytes | Erased:
        key = self._keys.key(blob)
        if key is None:
            return missing_key(blob, self._keys.state(blob))
        sealed = self.sealed.get(blob, b"")
        if hashlib.sha256(sealed).hexdigest() != blob:
            raise BlobMissing(f"Blob {blob} is missing or damaged.")
        return unseal(sealed, key)

    async def destroy(self, blobs: Iterable[BlobId]) -> None:
        doomed = list(blobs)
        await self._keys.destroy(doomed)
        for blob in doomed:
            self.sealed.pop(blob, None)


def missing_key(blob: BlobId, state: KeyState) -> Erased:
    """A destroyed key is an erasure; a key that was never there is a loss and must not pass for one."""
    if state == "destroyed":
        return ERASED
    raise BlobMissing(f"There is no key for blob {blob}; put the keys file back from a backup.")


def is_blob_id(text: str) -> bool:
    """64 lower-case hex digits: nothing else may become part of a path."""
    return len(text) == 64 and set(text) <= set("0123456789abcdef")
