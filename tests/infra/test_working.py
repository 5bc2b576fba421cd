"""The pieces of work side by side: what has begun comes to its end also when another piece fails."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from hub.app.delivery import ended
from hub.app.leasing import Alone, Fence
from hub.assembly import working
from hub.assembly.working import Piece, at_work


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
        raise RuntimeError("a defect")

    pieces = [Piece("post", posts), Piece("follow", fails)]
    monkeypatch.setattr(working, "ROLES", {"all": lambda house: iter(pieces)})
    monkeypatch.setattr(working, "hearing", lambda house: iter(()))
    house: Any = SimpleNamespace(turns=Alone())
    with pytest.raises(ExceptionGroup):
        async with at_work(house):
            await asyncio.sleep(3600)
    assert answered == ["handed over"]
