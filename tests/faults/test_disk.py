"""The disk under the record: killed at a chosen call, a sync that fails, no room left, a folder that can't be written (R2, R4, R5)."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import count
from pathlib import Path
from random import Random
from typing import NamedTuple

import pytest

from hub.app.arrivals import Landed
from hub.app.ports import LogStopped
from hub.assembly.house import House
from hub.demo.doorman import User
from infra import vault
from infra.codec import MemoryRing
from infra.db import UnsafeStore
from infra.eventlog import open_log
from tests.conftest import LONG
from tests.faults.power_child import fact
from tests.faults.reopening import verdict
from tests.journeys.house import a_house, deliver
from tests.journeys.post import letter

ROOT = Path(__file__).resolve().parents[2]
FACTS = 10
LOG = ("log.sqlite", "log.sqlite-wal", "log.sqlite-journal")
KEYS = ("keys.sqlite", "keys.sqlite-wal", "keys.sqlite-journal")
ANYWHERE = ()
CALLS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("pwrite64", LOG),
    ("pwrite64", KEYS),
    ("fdatasync", LOG),
    ("fdatasync", KEYS),
    ("fsync", ANYWHERE),
    ("write", ANYWHERE),
    ("rename,renameat,renameat2", ANYWHERE),
    ("unlink,unlinkat", ANYWHERE),
    ("ftruncate", ANYWHERE),
)
"""One kind of call and place at a time: strace counts for each thread, so the busiest would hide all others.

The vault's own files have names of chance; its calls are those of `fsync`, `write` and `rename` anywhere.
"""

KILLED = 137, -9
pytestmark = [pytest.mark.timeout(900)]


class Life(NamedTuple):
    code: int
    promised: list[str]
    refused: list[str]
    order: str
    complaint: str


def lived(folder: Path, *sabotage: str, inject: str = "", files: tuple[str, ...] = ANYWHERE) -> Life:
    """One run of the child on this folder; `inject` is a fault in strace's words, on calls of these files alone."""
    (folder / "data").mkdir(exist_ok=True, parents=True)
    given = [str(folder / "data"), str(folder / "master.key"), str(FACTS), *sabotage]
    strace = ["strace", "-f", "-o", "/dev/null", "-e", f"inject={inject}"] if inject else []
    strace += [word for name in files for word in ("-P", str(folder / "data" / name))]
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


class Moment(NamedTuple):
    """The number-th call of one kind, by some thread."""

    call: str
    files: tuple[str, ...]
    number: int


async def killed_at(moment: Moment, folder: Path, *sabotage: str) -> tuple[str, int]:
    """What came of it, and how many facts were acknowledged before: killed, opened, then the same commands to their end."""
    inject = f"{moment.call}:signal=KILL:when={moment.number}"
    first = lived(folder, *sabotage, inject=inject, files=moment.files)
    if first.code == 0:
        return "not reached", FACTS
    assert first.code in KILLED, first.complaint
    data, master = folder / "data", folder / "master.key"
    after = await verdict(data, master, first.promised)
    if after == "whole":
        again = lived(folder)
        assert again.code == 0, again.complaint
        after = await verdict(data, master, [*first.promised, *again.promised], exactly=FACTS)
    return after, len(first.promised)


async def every_kill(call: str, files: tuple[str, ...], folder: Path) -> Counter[str]:
    """At the first call, the second, … until a session ends before the next."""
    seen: Counter[str] = Counter()
    for number in count(1):
        came_to, _ = await killed_at(Moment(call, files, number), folder / str(number))
        if came_to == "not reached":
            return seen
        seen[came_to] += 1
    raise AssertionError("a session has an end")


@pytest.mark.long
@pytest.mark.needs("strace")
@pytest.mark.parametrize(("call", "files"), CALLS)
async def test_a_kill_at_every_call_of_its_kind_loses_and_doubles_nothing(call, files, tmp_path):
    """Every number that some thread reaches; calls of a slower thread behind a faster one's are not reached."""
    seen = await every_kill(call, files, tmp_path)
    print(f"{call} {files or 'anywhere'}: killed at {seen.total()} calls")
    assert seen and set(seen) == {"whole"}, seen


SHORT = (
    Moment("pwrite64", LOG, 40),
    Moment("fdatasync", LOG, 9),
    Moment("fdatasync", KEYS, 9),
    Moment("fsync", ANYWHERE, 5),
    Moment("rename,renameat,renameat2", ANYWHERE, 5),
    Moment("unlink,unlinkat", ANYWHERE, 2),
)
"""One of most kinds, late enough for something to be acknowledged where the kind allows it."""


@pytest.mark.needs("strace")
async def test_kills_at_calls_of_six_kinds_lose_and_double_nothing(tmp_path):
    seen = [await killed_at(moment, tmp_path / str(nth)) for nth, moment in enumerate(SHORT)]
    assert [came_to for came_to, _ in seen] == ["whole"] * len(SHORT)
    assert sum(0 < acknowledged < FACTS for _, acknowledged in seen) >= 3, seen


@pytest.mark.needs("strace")
async def test_a_record_that_answers_too_early_is_caught(tmp_path):
    moments = [Moment("pwrite64", LOG, number) for number in (28, 34, 40, 46)]
    seen = [await killed_at(moment, tmp_path / str(nth), "hasty") for nth, moment in enumerate(moments)]
    assert "a fact is lost" in [came_to for came_to, _ in seen], seen


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


async def refused_after(number: int, folder: Path, *sabotage: str) -> bool:
    """Whether a fact was refused because the number-th sync of a letter's file, or of its folder, failed."""
    life = lived(folder, *sabotage, inject=f"fsync:error=EIO:when={number}")
    assert await verdict(folder / "data", folder / "master.key", life.promised) == "whole"
    again = lived(folder)
    assert again.code == 0, again.complaint
    assert await verdict(folder / "data", folder / "master.key", again.promised, exactly=FACTS) == "whole"
    return bool(life.refused) and len(life.promised) < FACTS


@pytest.mark.needs("strace")
@pytest.mark.parametrize("number", range(1, 13) if LONG else [6])
async def test_a_letter_whose_file_could_not_be_synced_is_refused_and_the_next_ones_are_kept(
    number, tmp_path
):
    """Each letter has a file of its own, so one that failed says nothing about others."""
    is_refused = await refused_after(number, tmp_path, "stubborn")
    assert is_refused or number < 5 or number > 9  # while opening, or never reached by one thread


@pytest.mark.needs("strace")
async def test_a_vault_that_does_not_hear_of_a_failed_sync_promises_the_letter(tmp_path):
    """The control: the same fault, and nobody is refused."""
    assert not await refused_after(6, tmp_path, "deaf")


@pytest.fixture
def small_disk(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Path]:
    """Two megabytes, or as many as the parameter says; only root may have them."""
    size = getattr(request, "param", "2m")
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "amends-test", str(place)]
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


async def taken_in_until_full(house: House, disk: Path) -> tuple[list[Landed], int]:
    """Letters with files, one after the other, while there is less and less room; and the number of the first that was refused."""
    (disk / "filler").write_bytes(bytes(max(0, free_of(disk) - 2_000_000)))
    landed: list[Landed] = []
    for number in count(1):
        try:
            landed.append(await deliver(house, with_a_file(number), number))
        except LogStopped as full:
            assert "Free some space" in str(full)
            return landed, number
    raise AssertionError("the disk has an end")


def with_a_file(number: int) -> bytes:
    sender = User(address=f"u{number}@customers.example", password="", name=f"U{number}")
    content = Random(number).randbytes(150_000)
    return letter(sender, "A lamp", "Broken.", files=[("a.bin", "application/zip", content)]).as_bytes()


async def kept(house: House, landed: Sequence[Landed]) -> bool:
    """Whether every letter that was acknowledged can be read whole, and nothing else is on record."""
    heard = [
        fact.event for fact in await house.log.read_all(limit=10_000) if fact.name == "message.received.v1"
    ]
    try:
        whole = [len(await house.vault.open(event.raw)) > 150_000 for event in heard]
    except OSError:
        return False
    return len(heard) == len(landed) and all(whole)


@pytest.mark.parametrize("small_disk", ["24m"], indirect=True)
async def test_a_whole_hub_on_a_full_disk_promises_nothing_it_has_not_and_goes_on(small_disk):
    """Vault, keys, log and views share the disk; whichever finds it full first, the letter is refused and comes again."""
    async with a_house(small_disk) as house:
        landed, refused = await taken_in_until_full(house, small_disk)
        assert landed and await kept(house, landed)
        (small_disk / "filler").unlink()
        landed += [await deliver(house, with_a_file(number), number) for number in (refused, refused + 1)]
        assert [one.ending for one in landed] == ["recorded"] * (refused + 1)
        await house.runner.reached(landed[-1].position, patience=30)
        assert await kept(house, landed)


@pytest.mark.parametrize("small_disk", ["24m"], indirect=True)
async def test_negative_control_a_vault_that_does_not_hear_of_a_full_disk_is_caught(small_disk, monkeypatch):
    write = vault.write_synced

    def deaf(path: Path, content: bytes) -> None:
        with suppress(OSError):
            write(path, content)

    monkeypatch.setattr(vault, "write_synced", deaf)
    async with a_house(small_disk) as house:
        (small_disk / "filler").write_bytes(bytes(free_of(small_disk) - 2_000_000))
        landed = []
        with suppress(LogStopped):
            landed += [await deliver(house, with_a_file(number), number) for number in range(1, 30)]
        assert not await kept(house, landed)


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
