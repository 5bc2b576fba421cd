"""Negative controls of the kills: with a guard taken out, the same kills lose letters or record them twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.kills import SEED, a_shop, all_settled, lives, look

pytestmark = pytest.mark.timeout(600)


async def test_without_once_keys_the_same_kills_record_letters_twice(tmp_path: Path) -> None:
    """The cursor is only settled after the commit, so a kill in between brings the letter again."""
    async with a_shop(tmp_path, 24, SEED) as shop:
        await lives(shop, 8, 24, "no-once", "no-cursor")
        await shop.finish(all_settled(24), "no-once", patience=15)
        found = await look(shop)
        assert max(found.received.values()) > 1


async def test_when_the_source_is_settled_first_the_same_kills_lose_letters(tmp_path: Path) -> None:
    async with a_shop(tmp_path, 24, SEED) as shop:
        await lives(shop, 8, 24, "settle-first")
        await shop.finish(all_settled(24), patience=10)
        found = await look(shop)
        assert len(found.received) < 24
