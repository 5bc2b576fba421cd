"""Whatever the bytes: a letter ends as a message or parked, and while a reading worker hangs the hub goes on answering."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path
from random import Random

import httpx
import pytest

from hub.assembly.house import House
from hub.assembly.web import application
from hub.domain.account.events import LetterParked
from hub.domain.conversation.events import MessageReceived, MessageSeenAgain
from tests.journeys.house import a_house, deliver
from tests.length import short_or_long
from tests.letters.corpus import cpython_letters, letters, mutate

ENDINGS = MessageReceived | MessageSeenAgain | LetterParked
COUNT = short_or_long(2_000, 10_000)

pytestmark = pytest.mark.timeout(short_or_long(600, 3600))

UNDER_WAY = 16


def wounded() -> list[bytes]:
    """Mutated letters, then every letter of the interpreter's own test data where it ships them."""
    rng = Random(4)
    whole = [letter.raw for letter in letters(60, seed=5)]
    return [mutate(rng.choice(whole), rng) for _ in range(COUNT)] + [raw for _, raw in cpython_letters()]


async def put_in(house: House, raws: list[bytes]) -> None:
    window = asyncio.Semaphore(UNDER_WAY)

    async def one(number: int, raw: bytes) -> None:
        async with window:
            await deliver(house, raw, number + 1)

    await asyncio.gather(*(one(number, raw) for number, raw in enumerate(raws)))


async def test_every_letter_ends_as_a_message_or_parked(tmp_path: Path) -> None:
    raws = wounded()
    async with a_house(tmp_path) as house:
        await put_in(house, raws)
        kept: set[bytes] = set()
        endings = 0
        after = 0
        while page := await house.log.read_all(after=after):
            after = page[-1].position
            for fact in page:
                endings += isinstance(fact.event, ENDINGS)
                if isinstance(fact.event, MessageReceived | LetterParked):
                    content = await house.vault.open(fact.event.raw)
                    assert isinstance(content, bytes)
                    kept.add(content)
    missing = [raw for raw in raws if raw not in kept]
    fingerprints = {house.walk.fingerprint(raw) for raw in kept}
    assert not [raw for raw in missing if house.walk.fingerprint(raw) not in fingerprints], "lost letters"
    assert endings <= len(raws)


async def test_pages_are_answered_while_a_reading_worker_is_stopped(tmp_path: Path) -> None:
    first, second = (letter.raw for letter in letters(2, seed=6))
    async with a_house(tmp_path, warm=True) as house:
        stopped = house.readers.workers.pids[0]
        os.kill(stopped, signal.SIGSTOP)
        try:
            waiting = [
                asyncio.create_task(deliver(house, raw, uid)) for uid, raw in enumerate((first, second), 1)
            ]
            transport = httpx.ASGITransport(application(house))
            async with httpx.AsyncClient(transport=transport, base_url=house.settings.address) as browser:
                answer = await browser.get("/api/v1/health")
            assert answer.status_code == 200
            done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            assert {task.result().ending for task in done} == {"recorded"}, "the other worker goes on"
        finally:
            os.kill(stopped, signal.SIGCONT)
        assert {(await task).ending for task in waiting} <= {"recorded", "parked"}
