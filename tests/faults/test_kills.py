"""SIGKILL at random moments while letters are taken in and acknowledged: nothing lost, nothing twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.domain.conversation.events import MessageReceived
from tests.faults.kills import SEED, Found, Shop, a_shop, all_settled, customer, is_complaint, lives, look
from tests.length import short_or_long

KILLS = short_or_long(40, 500)
LETTERS = 200
pytestmark = pytest.mark.timeout(short_or_long(900, 5400))
"""Each life is short, but starting one takes a second or two."""


def assert_nothing_is_lost_or_twice(found: Found, letters: int) -> None:
    expected = {f"letter-{number}@customers.example" for number in range(letters)}
    assert set(found.received) == expected, "lost letters"
    assert set(found.received.values()) == {1}, "letters recorded twice"
    assert found.equal_raws == letters, "raw letters that differ"
    complaints = [number for number in range(letters) if is_complaint(number)]
    assert found.registered == len(complaints)
    assert len(found.acknowledged) == len(complaints), "complaints without their acknowledgement event"
    assert set(found.acknowledged.values()) == {1}, "complaints acknowledged twice"


def assert_wire_matches_record(found: Found, shop: Shop, letters: int) -> None:
    for number in range(letters):
        address, expected = customer(number), int(is_complaint(number))
        assert found.in_mailboxes[address] <= expected, f"{address} got more than one letter"
        if found.in_mailboxes[address] < expected:
            assert address in found.uncertain, f"{address} got nothing and nobody is told"
    for address, (started, given_up) in found.uncertain.items():
        assert any(started <= kill <= given_up for kill in shop.kills), (
            f"{address} is uncertain without a kill"
        )
    assert not found.unfinished


async def test_kills_at_random_moments_lose_nothing_and_repeat_nothing(tmp_path: Path) -> None:
    async with a_shop(tmp_path, LETTERS, SEED) as shop:
        await lives(shop, KILLS, LETTERS)
        await shop.finish(all_settled(LETTERS))
        found = await look(shop)
        print(f"{KILLS} kills, {len(found.facts)} facts, {len(found.uncertain)} uncertain")
        assert_nothing_is_lost_or_twice(found, LETTERS)
        assert_wire_matches_record(found, shop, LETTERS)


async def test_a_kill_between_the_vault_and_the_log_leaves_one_letter_after_a_retry(tmp_path: Path) -> None:
    async with a_shop(tmp_path, 3, SEED) as shop:
        await shop.write(0)
        await shop.live_and_die(20, "die-before-commit")
        assert not any(isinstance(fact.event, MessageReceived) for fact in await shop.peek())
        assert list((tmp_path / "hub" / "vault").rglob("*")), "the raw letter was kept first"
        await shop.finish(all_settled(1))
        assert_nothing_is_lost_or_twice(await look(shop), 1)
