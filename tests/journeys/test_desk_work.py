"""A rep's day at the desk: take a letter back, be stopped in time, write with colleagues, sort, find, link, erase."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from pathlib import Path

import pytest
from playwright.sync_api import expect

from hub.demo.doorman import User
from tests.journeys.hub_process import Hub
from tests.journeys.post import ORDERS, SUPPORT, Post, answer, is_automatic, letter, words
from tests.journeys.seat import Room, Seat

People = dict[str, User]
QUESTION = "Which bulb fits the reading lamp? Thank you."
pytestmark = pytest.mark.timeout(180)


def by_hand(heard: EmailMessage) -> bool:
    return not is_automatic(heard)


def test_undo_keeps_the_letter_here(room: Room, post: Post, people: People) -> None:
    ben = people["ben"]
    post.write(ben, letter(ben, "Bulbs for Ben", QUESTION, to=ORDERS))
    with room.seat("mia") as mia:
        mia.open("Bulbs for Ben")
        mia.press("r")
        mia.type("Too early")
        mia.press("Control+Enter")
        mia.toast.get_by_role("button", name="Undo send").click()
        expect(mia.toast).to_contain_text("Your text is back in the composer")
        expect(mia.letter).to_have_value("Too early")
        expect(mia.thread.locator("article.withdrawn")).to_contain_text("Withdrawn before sending")
        mia.letter.fill("Too early, and resolved")
        mia.press("Control+Shift+Enter")
        mia.toast.get_by_role("button", name="Undo send").click()
        expect(mia.letter).to_have_value("Too early, and resolved")
        expect(mia.thread.get_by_role("heading", level=1)).to_have_text("Bulbs for Ben")
        expect(mia.thread.get_by_text("Reopened by undo")).to_be_visible()
        mia.letter.fill("The small one fits.")
        mia.press("Control+Enter")
        expect(mia.cards.last).to_contain_text("Sent")
        # Its time came after the first one's: had that left, it would be here too.
        assert words(post.gets(ben, by_hand)).startswith("The small one fits.")


def test_a_letter_that_came_meanwhile_stops_the_reply_once(room: Room, post: Post, people: People) -> None:
    carla = people["carla"]
    first = post.write(carla, letter(carla, "A question of Carla", QUESTION))
    with room.seat("mia") as mia, room.seat("zhao") as zhao:
        mia.open("A question of Carla")
        mia.press("r")
        mia.type("The small one fits.")
        zhao.open("A question of Carla")
        expect(zhao.thread.get_by_title("Mia Rep is writing here")).to_be_visible()
        zhao.picture("work-presence")
        post.write(carla, follow_up(carla, first, "Forget it, I found it."))
        expect(mia.cards.last).to_contain_text("Forget it, I found it.")
        mia.press("Control+Enter")
        question = mia.thread.get_by_role("alertdialog")
        expect(question).to_contain_text("Forget it, I found it.")
        mia.picture("work-stale")
        assert not [one for one in post.mailbox(carla) if by_hand(one)]
        question.get_by_role("button", name="Send anyway").click()
        expect(mia.cards.last).to_contain_text("Sent")
        expect(question).to_have_count(0)
        assert words(post.gets(carla, by_hand)).startswith("The small one fits.")
        expect(zhao.cards.last).to_contain_text("The small one fits.")


def follow_up(sender: User, first: EmailMessage, text: str) -> EmailMessage:
    """The customer answers their own letter."""
    written = answer(sender, first, text)
    written.replace_header("To", SUPPORT.address)
    return written


def test_a_draft_outlives_the_page(room: Room, post: Post, people: People) -> None:
    dev = people["dev"]
    post.write(dev, letter(dev, "Dev asks", QUESTION))
    with room.seat("mia") as mia:
        mia.open("Dev asks")
        mia.press("r")
        mia.type("Half a sentence")
        expect(mia.thread.get_by_text("Draft saved")).to_be_visible()
        mia.page.reload()
        expect(mia.letter).to_have_value("Half a sentence")
        with mia.page.expect_response(lambda answer: answer.request.method == "DELETE"):
            mia.thread.get_by_role("button", name="Discard draft").click()
        expect(mia.letter).to_have_count(0)
        mia.page.reload()
        expect(mia.thread.get_by_role("heading", level=1)).to_have_text("Dev asks")
        expect(mia.letter).to_have_count(0)


def test_everything_a_rep_does_has_a_key(room: Room, post: Post, people: People) -> None:
    erin, subject = people["erin"], "Erin's lamp flickers"
    post.write(erin, letter(erin, subject, "My lamp flickers a little. What can I do?"))
    with room.seat("mia") as mia:
        mia.open(subject)
        owner = mia.thread.locator(".owner-chip")
        mia.press("i")
        expect(owner).to_contain_text("Mia Rep")
        mia.press("a")
        choose(mia, "赵")
        expect(owner).to_contain_text("赵敏")
        mia.press("t")
        choose(mia, "flicker")
        expect(mia.row(subject)).to_contain_text("flicker")
        mia.press("n")
        mia.type("Known fault of the May series.")
        mia.press("Control+Enter")
        expect(mia.thread.locator("article.note")).to_contain_text("Known fault of the May series.")
        complain_and_take_it_back(mia, subject)
        sleep_and_wake(mia, subject)
        spam_and_back(mia, subject)
        facts = {entry.get("what") for entry in mia.thread_now()["entries"]}
        assert {"conversation.snoozed.v1", "conversation.woken.v1", "conversation.marked_spam.v1"} <= facts


def choose(seat: Seat, typed: str) -> None:
    """Type into the picker that opened and take the first."""
    expect(seat.page.get_by_role("dialog").get_by_role("combobox")).to_be_focused()
    seat.type(typed)
    expect(seat.page.locator("#pick-0")).to_contain_text(typed)
    seat.press("Enter")
    expect(seat.page.get_by_role("dialog")).to_have_count(0)


def complain_and_take_it_back(seat: Seat, subject: str) -> None:
    seat.press("c")
    expect(seat.row(subject)).to_contain_text("C-20")
    seat.press("c")
    expect(seat.toast).to_contain_text("is no longer a complaint")
    expect(seat.row(subject).locator(".badge.complaint")).to_have_class(re.compile("closed"))


def sleep_and_wake(seat: Seat, subject: str) -> None:
    seat.press("h")
    expect(seat.page.get_by_role("dialog").get_by_role("combobox")).to_be_focused()
    seat.type("in 2 hours")
    seat.press("Enter")
    expect(seat.page.get_by_role("dialog")).to_have_count(0)  # else it takes the next keys
    expect(seat.row(subject)).to_have_count(0)
    seat.press("g", "z")
    seat.open(subject)
    expect(seat.thread).to_contain_text("Snoozed")
    seat.press("Shift+E")
    expect(seat.toast).to_contain_text("Awake again")
    expect(seat.row(subject)).to_have_count(0)
    seat.press("g", "o")
    seat.open(subject)


def spam_and_back(seat: Seat, subject: str) -> None:
    seat.press("!")
    expect(seat.row(subject)).to_have_count(0)
    seat.press("g", "s")
    seat.open(subject)
    seat.press("!")
    expect(seat.row(subject)).to_have_count(0)
    seat.press("g", "o")
    seat.open(subject)


def test_search_finds_both_languages(room: Room, post: Post, people: People) -> None:
    finn, lina = people["finn"], people["lina"]
    post.write(finn, letter(finn, "Money back", "Please refund the lamp to my card."))
    post.write(lina, letter(lina, "三号订单", "我的订单还没有收到，请帮我查询。"))
    with room.seat("mia") as mia:
        for word, subject in (("refund", "Money back"), ("订单", "三号订单")):
            expect(mia.row(subject)).to_be_visible()
            mia.press("/")
            expect(mia.page.get_by_role("searchbox")).to_be_focused()
            mia.type(word)
            hit = mia.page.locator("a.hit").filter(has_text=subject)
            expect(hit.locator("mark").first).to_have_text(word)
            hit.click()
            expect(mia.thread.get_by_role("heading", level=1)).to_have_text(subject)


def test_a_letter_that_no_reader_survives_waits_until_it_is_read_again(
    room: Room, post: Post, people: People
) -> None:
    jon = people["jon"]
    with room.seat("mia") as mia:
        with readers_stopped(room.hub):
            post.write(jon, letter(jon, "Jon is patient", QUESTION))
            # Nobody reads letters now, and yet every page answers.
            mia.page.get_by_role("link", name="Parked letters").click()
            expect(mia.page.get_by_role("heading", name="Parked letters")).to_be_visible()
            expect(mia.page.get_by_role("button", name="Read again")).to_be_visible()
        expect(mia.page.get_by_role("link", name="Parked letters")).to_contain_text("1")
        expect(mia.page.get_by_text("reading took longer than")).to_be_visible()
        mia.picture("work-parked")
        mia.page.get_by_role("button", name="Read again").click()
        expect(mia.toast).to_contain_text("stands in the inbox")
        mia.press("g", "o")
        mia.open("Jon is patient")
        expect(mia.cards).to_have_count(1)
        expect(mia.page.get_by_role("link", name="Parked letters")).not_to_contain_text("1")


@contextmanager
def readers_stopped(hub: Hub) -> Iterator[None]:
    """The processes that read letters stand still."""
    stopped = readers(hub)
    for pid in stopped:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in set(stopped) & set(readers(hub)):
            os.kill(pid, signal.SIGCONT)


def readers(hub: Hub) -> list[int]:
    assert hub.process.running is not None
    parent = f"PPid:\t{hub.process.running.pid}\n"
    children = [path.parent for path in Path("/proc").glob("[0-9]*/status") if parent in _read(path)]
    found = [int(path.name) for path in children if "channels.email.worker" in _read(path / "cmdline")]
    assert found
    return found


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace")
    except OSError:
        return ""


def test_two_customers_become_one_and_two_again(room: Room, post: Post, people: People) -> None:
    gina, hugo = people["gina"], people["hugo"]
    post.write(hugo, letter(hugo, "Hugo writes", QUESTION))
    post.write(gina, letter(gina, "Gina writes", QUESTION))
    with room.seat("mia") as mia:
        expect(mia.row("Hugo writes")).to_be_visible()
        mia.open("Gina writes")
        panel = mia.page.get_by_role("complementary", name="Context")
        panel.get_by_role("button", name="Link a customer").click()
        dialog = mia.page.get_by_role("dialog")
        dialog.get_by_label("Name or address of the other customer").fill("hugo")
        dialog.get_by_role("button", name="Hugo Moreno").click()
        dialog.get_by_label("Why you think so").fill("Same household")
        mia.picture("work-link")
        dialog.get_by_role("button", name="Link", exact=True).click()
        expect(panel.get_by_role("link", name="Hugo Moreno")).to_be_visible()
        expect(panel.get_by_role("link", name="Hugo writes")).to_be_visible()
        panel.get_by_role("button", name="Unlink").click()
        expect(mia.toast).to_contain_text("Each has its own history again")
        expect(panel.get_by_role("link", name="Hugo writes")).to_have_count(0)


def test_an_erased_customer_leaves_a_frame_without_words(room: Room, post: Post, people: People) -> None:
    iris = people["iris"]
    post.write(iris, letter(iris, "Iris wants to be forgotten", "My secret is xylophone."))
    with room.seat("mia") as mia:
        mia.open("Iris wants to be forgotten")
        customer, path = mia.customer, mia.page.url
        room.hub.amends("erase", customer, "--yes")
        expect(mia.thread).to_contain_text("The words of this message were erased.")
        expect(mia.page.get_by_text("xylophone")).to_have_count(0)
        expect(mia.page.get_by_text("Iris", exact=False)).to_have_count(0)
        expect(mia.thread.get_by_role("button", name="Reply")).to_have_count(0)
        mia.picture("work-erased")
        mia.page.goto(path)
        expect(mia.thread).to_contain_text("The words of this message were erased.")
        mia.go(f"/customers/{customer}")
        expect(mia.page.get_by_role("heading", level=1)).to_have_text("Erased at the customer's request")
        mia.picture("work-erased-customer")
        mia.go("/search?q=xylophone")
        expect(mia.page.get_by_text("Nothing found")).to_be_visible()


def test_the_desk_speaks_chinese_when_asked(room: Room) -> None:
    with room.seat("mia") as mia:
        mia.page.get_by_role("button", name="You and your settings").click()
        mia.page.get_by_text("简体中文").click()
        expect(mia.page.get_by_role("link", name="未分配")).to_be_visible()
        expect(mia.page.locator("html")).to_have_attribute("lang", "zh-Hans")
        mia.page.reload()
        expect(mia.page.get_by_role("link", name="未分配")).to_be_visible()
        assert mia.api("/session")
        mia.picture("work-chinese")


def test_new_letters_wait_behind_a_pill_while_somebody_points_at_the_list(
    room: Room, post: Post, people: People
) -> None:
    kim = people["kim"]
    with room.seat("lee") as lee:
        post.write(kim, letter(kim, "The first of Kim", QUESTION))
        lee.page.locator(".sort select").select_option(
            "newest"
        )  # what is new comes on top, and would push the others down
        expect(lee.row("The first of Kim")).to_be_visible()
        lee.page.get_by_role("listbox").hover()
        for number in (1, 2):
            post.write(kim, letter(kim, f"Kim's letter {number}", QUESTION))
        pill = lee.page.get_by_role("button", name="2 new")
        expect(pill).to_be_visible()
        expect(lee.row("Kim's letter")).to_have_count(0)
        pill.click()
        expect(lee.row("Kim's letter")).to_have_count(2)
