"""Commands reach the running hub, and nobody else does."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from infra.control import ControlRefused, NotRunning, call, serve


async def echo(params: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"heard": params["say"]}


async def fail(params: Mapping[str, Any]) -> Mapping[str, Any]:
    raise ValueError("The disk is full. Free some space.")


async def test_a_verb_is_answered(tmp_path: Path) -> None:
    async with serve(tmp_path, {"echo": echo}):
        assert await call(tmp_path, "echo", {"say": "你好"}) == {"heard": "你好"}


async def test_without_a_hub_there_is_nobody_to_ask(tmp_path: Path) -> None:
    assert await call(tmp_path, "echo") == NotRunning()
    async with serve(tmp_path, {"echo": echo}):
        pass
    assert await call(tmp_path, "echo") == NotRunning()


async def test_a_socket_left_by_a_killed_hub_is_replaced(tmp_path: Path) -> None:
    dead = await asyncio.start_unix_server(lambda r, w: None, tmp_path / "control.sock")
    dead.close()
    assert await call(tmp_path, "echo") == NotRunning()
    async with serve(tmp_path, {"echo": echo}):
        assert await call(tmp_path, "echo", {"say": "again"}) == {"heard": "again"}


async def test_a_failure_is_told_and_the_hub_goes_on(tmp_path: Path) -> None:
    async with serve(tmp_path, {"echo": echo, "fail": fail}):
        with pytest.raises(ControlRefused, match="Free some space"):
            await call(tmp_path, "fail")
        with pytest.raises(ControlRefused, match="The hub knows: echo, fail"):
            await call(tmp_path, "sing")
        assert await call(tmp_path, "echo", {"say": "still"}) == {"heard": "still"}


async def test_only_the_owner_can_open_it(tmp_path: Path) -> None:
    async with serve(tmp_path, {"echo": echo}) as path:
        assert path.stat().st_mode & 0o777 == 0o600


async def test_a_long_path_finds_a_short_one(tmp_path: Path) -> None:
    data = tmp_path / ("long" * 20) / ("longer" * 20)
    data.mkdir(parents=True)
    async with serve(data, {"echo": echo}) as path:
        assert len(str(path)) < 100 and path.parent.stat().st_mode & 0o777 == 0o700
        assert await call(data, "echo", {"say": "hi"}) == {"heard": "hi"}
    assert not path.parent.exists()
    assert await call(data, "echo") == NotRunning()


async def test_many_at_once_are_all_answered(tmp_path: Path) -> None:
    async with serve(tmp_path, {"echo": echo}):
        answers = await asyncio.gather(*(call(tmp_path, "echo", {"say": n}) for n in range(20)))
    assert answers == [{"heard": n} for n in range(20)]


@pytest.mark.parametrize("says", [b"", b"x" * 5_000_000], ids=["a word", "more than the line holds"])
async def test_a_hub_that_stops_midway_is_a_refusal(tmp_path: Path, says: bytes) -> None:
    server = await asyncio.start_unix_server(
        lambda reader, writer: writer.transport.abort(), tmp_path / "control.sock"
    )
    async with server:
        with pytest.raises(ControlRefused, match="stopped before it answered"):
            await call(tmp_path, "echo", {"say": says.decode()}, timeout=60)
