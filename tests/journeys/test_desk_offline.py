"""The hub goes away in the middle of work: the desk says so, comes back by itself, and shows every letter once."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from hub.demo.doorman import User
from tests.journeys.post import Post, is_automatic, letter
from tests.journeys.seat import Room

COMPLAINT = "Nobody answers, I am very disappointed. I want my money back. This is a complaint!"


@pytest.mark.timeout(120)
def test_a_hub_that_was_killed_comes_back_without_lost_or_doubled_letters(
    room: Room, post: Post, people: dict[str, User]
) -> None:
    alice, ben = people["alice"], people["ben"]
    post.write(alice, letter(alice, "Before the fall", "Which bulb fits?"))
    with room.seat("mia") as mia:
        mia.open("Before the fall")
        mia.page.evaluate("window.neverReloaded = true")
        mia.press("r")
        mia.type("Half a sentence")
        room.hub.process.kill()
        expect(mia.page.get_by_text("Offline since")).to_be_visible()
        expect(mia.letter).to_have_value("Half a sentence")
        mia.picture("offline")
        written = [post.write(ben, letter(ben, f"Meanwhile {number}", COMPLAINT)) for number in (1, 2, 3)]
        room.hub.start()
        expect(mia.page.get_by_text("Offline since")).to_have_count(0)
        mia.page.mouse.move(1_000, 400)
        expect(mia.row("Meanwhile")).to_have_count(3)
        expect(mia.row("Before the fall")).to_have_count(1)
        mia.press("Control+Enter")
        expect(mia.cards.last).to_contain_text("Sent")
        post.gets(alice, lambda one: not is_automatic(one))
        assert mia.page.evaluate("window.neverReloaded")
        mia.page.reload()
        expect(mia.row("Meanwhile")).to_have_count(3)
        for one in written:
            told = post.gets(ben, lambda got, one=one: str(got["In-Reply-To"]) == str(one["Message-ID"]))
            assert is_automatic(told)
