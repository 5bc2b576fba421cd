"""Both vaults keep these promises; the folder keeps more."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.app.ports import BlobMissing, LogPaused
from hub.domain.ids import BlobId
from hub.domain.vocabulary import ERASED
from infra import vault as vault_module
from infra.keys import KeyFile, MemoryKeys, open_keys
from infra.vault import FolderVault, MemoryVault, seal, unseal

LETTER = "Subject: 订单 42\r\n\r\nMy kettle arrived broken.\r\n".encode() * 40


@pytest.fixture(params=["folder", "memory"])
def vault(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[FolderVault | MemoryVault]:
    if request.param == "memory":
        yield MemoryVault(MemoryKeys())
        return
    folder = FolderVault(tmp_path / "vault", MemoryKeys())
    yield folder
    folder.close()


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[FolderVault]:
    made = FolderVault(tmp_path / "vault", MemoryKeys())
    yield made
    made.close()


async def test_what_was_kept_opens_to_the_same_bytes_in_order(vault: FolderVault | MemoryVault) -> None:
    contents = [LETTER, b"", b"\0" * 100_000, os.urandom(5_000)]
    blobs = await vault.keep(contents)
    assert [await vault.open(blob) for blob in blobs] == contents


async def test_nothing_to_keep_is_nothing(vault: FolderVault | MemoryVault) -> None:
    assert await vault.keep([]) == []


async def test_equal_contents_share_nothing(vault: FolderVault | MemoryVault) -> None:
    one, other = await vault.keep([LETTER, LETTER])
    assert one != other
    await vault.destroy([one])
    assert await vault.open(other) == LETTER


async def test_a_destroyed_blob_opens_to_erased(vault: FolderVault | MemoryVault) -> None:
    (blob,) = await vault.keep([LETTER])
    await vault.destroy([blob])
    await vault.destroy([blob])
    assert await vault.open(blob) is ERASED


@pytest.mark.parametrize("name", ["0" * 64, "../../etc/passwd", "", "Z" * 64])
async def test_an_unknown_name_is_missing_and_never_a_path(
    vault: FolderVault | MemoryVault, name: str
) -> None:
    with pytest.raises(BlobMissing):
        await vault.open(BlobId(name))


async def test_many_at_once_are_all_kept(vault: FolderVault | MemoryVault) -> None:
    kept = await asyncio.gather(*(vault.keep([LETTER + bytes([n])]) for n in range(50)))
    for n, (blob,) in enumerate(kept):
        assert await vault.open(blob) == LETTER + bytes([n])


async def test_a_name_is_the_hash_of_the_sealed_bytes(folder: FolderVault) -> None:
    (blob,) = await folder.keep([LETTER])
    sealed = folder.path(blob).read_bytes()
    assert hashlib.sha256(sealed).hexdigest() == blob
    assert b"kettle" not in sealed
    assert folder.path(blob).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "harm", [lambda raw: raw[:-1], lambda raw: bytes([raw[0] ^ 1]) + raw[1:], lambda raw: b""]
)
async def test_a_damaged_file_is_found_out(folder: FolderVault, harm: object) -> None:
    (blob,) = await folder.keep([LETTER])
    path = folder.path(blob)
    path.write_bytes(harm(path.read_bytes()))  # type: ignore[operator]
    assert not folder.sound(blob)
    with pytest.raises(BlobMissing):
        await folder.open(blob)


async def test_a_lost_file_is_missing_not_erased(folder: FolderVault) -> None:
    (blob,) = await folder.keep([LETTER])
    folder.path(blob).unlink()
    with pytest.raises(BlobMissing):
        await folder.open(blob)


async def test_a_lost_key_is_missing_not_erased(tmp_path: Path) -> None:
    first = FolderVault(tmp_path / "vault", MemoryKeys())
    (blob,) = await first.keep([LETTER])
    first.close()
    other = FolderVault(tmp_path / "vault", MemoryKeys())
    with pytest.raises(BlobMissing, match="no key"):
        await other.open(blob)
    other.close()


async def test_record_rule_2_key_then_file_then_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "data").mkdir()
    keys: KeyFile = open_keys(tmp_path / "data" / "keys", tmp_path / "m.key", tell=lambda note: None)
    vault, steps = FolderVault(tmp_path / "data" / "vault", keys), list[str]()
    put, write, sync = keys.put, vault_module.write_synced, vault_module.sync_folder

    async def noted_put(new: dict[str, bytes]) -> None:
        await put(new)
        steps.append("key")

    def noted_write(path: Path, content: bytes) -> None:
        write(path, content)
        steps.append("file")

    def noted_sync(path: Path) -> None:
        sync(path)
        steps.append("folder")

    monkeypatch.setattr(keys, "put", noted_put)
    monkeypatch.setattr(vault_module, "write_synced", noted_write)
    monkeypatch.setattr(vault_module, "sync_folder", noted_sync)
    await vault.keep([LETTER])
    assert [step for step, before in zip(steps, ["", *steps], strict=False) if step != before][-2:] == [
        "file",
        "folder",
    ]
    assert steps[0] == "key" and steps.index("file") > 0
    vault.close()
    keys.close()


async def test_a_full_disk_is_told_to_everybody_who_waits(
    folder: FolderVault, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, content: bytes) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr(vault_module, "write_synced", full)
        answers = await asyncio.gather(*(folder.keep([LETTER]) for _ in range(5)), return_exceptions=True)
    assert all(isinstance(answer, LogPaused) and "Free some space" in str(answer) for answer in answers)
    assert len(await folder.keep([LETTER])) == 1


@settings(max_examples=50, deadline=None)
@given(st.binary(max_size=2_000))
def test_sealing_and_opening_are_inverse(content: bytes) -> None:
    sealed = seal(content)
    assert unseal(sealed.content, sealed.key) == content


async def test_record_rule_2_a_folder_made_by_another_process_is_settled_before_a_letter_in_it_counts(
    folder: FolderVault, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever made it may have died, or not have come yet, to syncing its name."""
    for number in range(256):
        (folder.folder / f"{number:02x}").mkdir()
    synced: list[Path] = []
    monkeypatch.setattr(vault_module, "sync_folder", synced.append)
    (blob,) = await folder.keep([LETTER])
    assert synced == [folder.folder, folder.path(blob).parent]
    synced.clear()
    await folder.keep([LETTER] * 2)
    assert synced.count(folder.folder) <= 1
