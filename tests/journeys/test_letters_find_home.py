"""Generated letters end to end: every answer in the right conversation, none in a stranger's, every word and byte intact."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from hub.assembly.house import House
from projections import export
from tests.journeys.house import a_house, deliver
from tests.length import short_or_long
from tests.letters.corpus import Generated, letters, squeezed

COUNT = short_or_long(2_000, 10_000)

pytestmark = pytest.mark.timeout(short_or_long(600, 3600))

UNDER_WAY = 16


async def put_in(house: House, sent: list[Generated]) -> dict[str, dict[str, Any]]:
    """All of them, sixteen under way as from a real mailbox; the exported messages by Message-ID."""
    window = asyncio.Semaphore(UNDER_WAY)

    async def one(number: int, letter: Generated) -> None:
        try:
            await deliver(house, letter.raw, number + 1)
        finally:
            window.release()

    async with asyncio.TaskGroup() as group:
        for number, letter in enumerate(sent):
            await window.acquire()
            group.create_task(one(number, letter))
    await house.runner.reached(await house.log.head(), patience=120)
    rows = await house.ask(lambda connection: list(export.messages(connection)))
    return {row["message_id"]: row for row in rows}


async def test_every_answer_finds_its_conversation_and_nothing_is_changed_on_the_way(tmp_path: Path) -> None:
    sent = list(letters(COUNT, seed=11))
    async with a_house(tmp_path) as house:
        found = await put_in(house, sent)
    assert len(found) == len(sent)
    conversations: dict[int, set[str]] = defaultdict(set)
    customers: dict[str, set[str]] = defaultdict(set)
    owners: dict[str, set[str]] = defaultdict(set)
    for letter in sent:
        row = found[letter.message_id]
        conversations[letter.conversation].add(row["conversation"])
        customers[letter.customer].add(row["customer"])
        owners[row["conversation"]].add(letter.customer)
        assert row["subject"] == letter.subject
        assert row["text"] == letter.text if letter.exact else squeezed(row["text"]) == squeezed(letter.text)
        assert [(file["name"], file["sha256"]) for file in row["files"]] == list(letter.files)
    assert {len(one) for one in conversations.values()} == {1}
    assert {len(one) for one in customers.values()} == {1}
    assert {len(one) for one in owners.values()} == {1}
    assert len({next(iter(one)) for one in conversations.values()}) == len(conversations)
