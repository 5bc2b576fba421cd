"""The disk under the record: killed at a chosen call, a sync that fails, no room left, a folder that can't be written (R2, R4, R5)."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import NamedTuple

import pytest

from hub.app.ports import LogStopped
from infra.codec import MemoryRing
from infra.db import UnsafeStore
from infra.eventlog import open_log
from tests.conftest import LONG
from tests.faults.power_child import fact
from tests.faults.reopening import verdict

ROOT = Path(__file__).resolve().parents[2]
FACTS = 10
WRITING = "pwrite64,write,fsync,fdatasync,ftruncate,rename,renameat,renameat2,unlink,unlinkat"
KILLED = 137, -9
pytestmark = [pytest.mark.timeout(900)]


class Life(NamedTuple):
    code: int
    promised: list[str]
    refused: list[str]
    order: str
    complaint: str


def lived(folder: Path, *sabotage: str, inject: str = "") -> Life:
    """One run of the child on this folder; `inject` is a fault in strace's words."""
    (folder / "data").mkdir(exist_ok=True, parents=True)
    given = [str(folder / "data"), str(folder / "master.key"), str(FACTS), *sabotage]
    strace = ["strace", "-f", "-o", "/dev/null", "-e", f"inject={inject}"] if inject else []
    if inject:
        strace += ["-P", str(folder / "data"), *paths_of(folder)]
    done = subprocess.run(
        [*strace, sys.executable, "-m", "tests.faults.power_child", *given],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    lines = done.stdout.splitlines()
    return Life(
        done.returncode,
        [line.removeprefix("ack ") for line in lines if line.startswith("ack ")],
        [line.removeprefix("refused ") for line in lines if line.startswith("refused ")],
        "".join(line[0] for line in lines if line[:1] in "ar"),
        done.stderr,
    )


def paths_of(folder: Path) -> list[str]:
    """Only calls on these files are hit: the interpreter's own are not ours."""
    files = [f"{name}.sqlite{end}" for name in ("log", "keys") for end in ("", "-wal", "-journal")]
    return [word for name in files for word in ("-P", str(folder / "data" / name))]


async def killed_at(number: int, folder: Path, *sabotage: str) -> str:
    """Killed at the number-th call of some thread, opened; then the same commands again, to their end."""
    first = lived(folder, *sabotage, inject=f"{WRITING}:signal=KILL:when={number}")
    if first.code == 0:
        return "not reached"
    assert first.code in KILLED, first.complaint
    after = await verdict(folder / "data", folder / "master.key", first.promised)
    if after != "whole":
        return after
    again = lived(folder)
    assert again.code == 0, again.complaint
    return await verdict(
        folder / "data", folder / "master.key", [*first.promised, *again.promised], exactly=FACTS
    )


async def killed_at_each(numbers: list[int], folder: Path, *sabotage: str) -> Counter[str]:
    return Counter([await killed_at(number, folder / str(number), *sabotage) for number in numbers])


@pytest.mark.needs("strace")
async def test_a_kill_at_any_write_sync_or_truncation_loses_and_doubles_nothing(tmp_path):
    """Every call up to the last of a session; the short form draws some."""
    numbers = list(range(1, 120)) if LONG else sorted(Random(7).sample(range(1, 50), 6))
    seen = await killed_at_each(numbers, tmp_path)
    print(f"killed at {seen['whole']} calls")
    assert set(seen) <= {"whole", "not reached"}, seen
    assert seen["whole"] >= len(numbers) // 4


@pytest.mark.needs("strace")
async def test_a_record_that_answers_too_early_is_caught(tmp_path):
    seen = await killed_at_each([20, 26, 32, 38], tmp_path, "hasty")
    assert seen["a fact is lost"] > 0, seen


@pytest.mark.needs("strace")
@pytest.mark.parametrize("number", range(1, 31) if LONG else [4, 9])
async def test_after_a_sync_that_failed_nothing_is_acknowledged_any_more(number, tmp_path):
    """The pages may be gone, so a later sync that succeeds proves nothing: only a new start reads what is there."""
    life = lived(tmp_path, "stubborn", inject=f"fdatasync:error=EIO:when={number}")
    if life.code or not life.refused:  # while opening, or never reached
        assert "disk I/O error" in life.complaint or len(life.promised) == FACTS
    assert "ra" not in life.order
    assert await verdict(tmp_path / "data", tmp_path / "master.key", life.promised) == "whole"
    again = lived(tmp_path)
    assert again.code == 0, again.complaint
    assert await verdict(tmp_path / "data", tmp_path / "master.key", again.promised, exactly=FACTS) == "whole"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Two megabytes; only root may have them."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "amends-test", str(place)]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("a small disk can't be mounted here: only root may")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


async def test_a_full_disk_is_told_and_the_record_goes_on_once_there_is_room(small_disk):
    log = await open_log(small_disk / "log.sqlite", MemoryRing())
    await log.append(fact(1))
    filler = small_disk / "filler"
    filler.write_bytes(bytes(free_of(small_disk)))
    refused = 0
    for number in range(2, 200):
        try:
            await log.append(fact(number))
        except LogStopped as full:
            assert "full" in str(full).lower()
            refused = number
            break
    stored = [fact.event.name for fact in await log.read_all()]
    assert refused and stored == [f"n{number}" for number in range(1, refused)]
    filler.unlink()
    await log.append(fact(refused))
    assert [fact.event.name for fact in await log.read_all()] == [*stored, f"n{refused}"]
    await log.close()


def free_of(folder: Path) -> int:
    return shutil.disk_usage(folder).free


async def test_a_folder_that_can_not_be_written_is_told_at_the_start(small_disk):
    await (await open_log(small_disk / "log.sqlite", MemoryRing())).close()
    lock_down(small_disk)
    with pytest.raises(UnsafeStore, match=f"{small_disk} can't be written"):
        await open_log(small_disk / "log.sqlite", MemoryRing())


def test_the_command_says_so_too(small_disk):
    lock_down(small_disk)
    command = [sys.executable, "-c", "from hub.cli import main; raise SystemExit(main())", "status"]
    given = {"AMENDS_DATA": str(small_disk), "AMENDS_MASTER_KEY_FILE": str(small_disk.parent / "master.key")}
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **given},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert f"{small_disk} can't be written" in done.stderr
    assert "Traceback" not in done.stderr


def lock_down(disk: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
