"""Turns by key: one at a time, whoever gives up waiting leaves no trace."""

import asyncio

from hub.web.once import Turns


async def test_one_at_a_time_and_nothing_is_left_behind() -> None:
    turns, at_once, most = Turns(), 0, 0

    async def visit() -> None:
        nonlocal at_once, most
        await turns.take("key")
        at_once += 1
        most = max(most, at_once)
        await asyncio.sleep(0)
        at_once -= 1
        turns.give("key")

    await asyncio.gather(*(visit() for _ in range(5)))
    assert most == 1 and turns.locks == {}


async def test_who_gives_up_waiting_is_not_counted_any_more() -> None:
    turns = Turns()
    await turns.take("key")
    waiting = asyncio.create_task(turns.take("key"))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.wait([waiting])
    turns.give("key")
    assert turns.locks == {}
