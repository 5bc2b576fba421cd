"""The pieces of work side by side: what has begun comes to its end also when another piece fails."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from hub.app.delivery import ended
from hub.app.leasing import Alone, Fence
from hub.app.ports import LogStopped, TablesAway
from hub.assembly import working
from hub.assembly.clock import now
from hub.assembly.turns import turns_of
from hub.assembly.working import Piece, at_work
from infra.db import UnsafeStore
from infra.desktables.memory import MemoryLeases
from infra.eventlog import MemoryLog
from infra.eventlog.stopped import LogFull
from infra.keys.master import MasterKeyProblem
from infra.owned import FileStopped
from infra.settings import parse_settings


async def test_a_letter_on_the_wire_gets_its_answer_though_another_piece_of_work_fails(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    on_the_wire, answered = asyncio.Event(), list[str]()

    async def letter() -> None:
        on_the_wire.set()
        await asyncio.sleep(0.3)
        answered.append("handed over")

    async def posts(_: Fence) -> None:
        await ended(letter())

    async def fails(_: Fence) -> None:
        await on_the_wire.wait()
        raise LogStopped("a sync failed")

    pieces = [Piece("post", posts), Piece("follow", fails)]
    monkeypatch.setattr(working, "ROLES", {"all": lambda house: iter(pieces)})
    monkeypatch.setattr(working, "hearing", lambda house: iter(()))
    house: Any = SimpleNamespace(turns=Alone())
    with pytest.raises(ExceptionGroup):
        async with at_work(house):
            await asyncio.sleep(3600)
    assert answered == ["handed over"]


async def test_a_piece_of_work_with_a_defect_leaves_the_others_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.app.enduring.FIRST_REST_S", 0.01)
    tries, ended, again = list[int](), list[str](), asyncio.Event()

    async def posts(_: Fence) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("post")

    async def fails(_: Fence) -> None:
        tries.append(1)
        if len(tries) == 3:
            again.set()
        raise RuntimeError("a defect")

    pieces = [Piece("post", posts), Piece("follow", fails)]
    monkeypatch.setattr(working, "ROLES", {"all": lambda house: iter(pieces)})
    monkeypatch.setattr(working, "hearing", lambda house: iter(()))
    house: Any = SimpleNamespace(turns=Alone())
    async with at_work(house), asyncio.timeout(20):
        await again.wait()
        assert ended == [] and list(house.turns.endurance.troubles) == ["follow"]


def test_what_no_other_try_mends_is_fatal(tmp_path: Path) -> None:
    settings = parse_settings({"data": "hub", "master_key_file": "m.key"}, {}, tmp_path)
    endurance = turns_of(settings, MemoryLeases(now), MemoryLog()).endurance
    mended_by_a_person = [
        LogStopped("a sync failed"), FileStopped("half-way"), UnsafeStore("no sync"), MasterKeyProblem("wrong"),
    ]  # fmt: skip
    assert [one for one in mended_by_a_person if not endurance.is_fatal(one)] == []
    for goes_on_by_itself in (LogFull("full"), TablesAway("gone"), RuntimeError("a defect"), OSError("x")):
        assert not endurance.is_fatal(goes_on_by_itself)
