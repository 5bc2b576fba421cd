"""Every page of the desk without serious faults for people who see, hear or point differently: light and dark, two widths."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from hub.demo.doorman import User
from tests.conftest import LONG
from tests.journeys.post import Post, letter
from tests.journeys.seat import Room, Seat, taken

COMPLAINT = "The lamp arrived broken, I am very disappointed. I want my money back. This is a complaint!"
SUBJECT = "A broken lamp"
STILL = """() => Promise.allSettled(document.getAnimations()
    .filter((each) => each.effect.getComputedTiming().endTime !== Infinity).map((each) => each.finished))"""
LOOKS = [("light", 1440), ("dark", 1440), *([("light", 390), ("dark", 390)] if LONG else [])]


@pytest.fixture(scope="module")
def written(room: Room, post: Post, people: dict[str, User]) -> str:
    """A customer with a conversation that is a complaint; their id. A letter without a head waits among the parked."""
    alice = people["alice"]
    post.write(alice, letter(alice, SUBJECT, COMPLAINT, files=[("note.txt", "text/plain", b"x")]))
    broken = room.hub.folder / "broken.eml"
    broken.write_bytes(b"\n")
    room.hub.amends("ingest", str(broken), "--account", "support")
    with room.seat("mia") as mia:
        mia.open(SUBJECT)
        expect(mia.cards.nth(1)).to_contain_text("Sent")
        return mia.customer


def inbox(seat: Seat, _: str) -> None:
    expect(seat.row(SUBJECT)).to_be_visible()


def conversation(seat: Seat, _: str) -> None:
    seat.open(SUBJECT)


def writing(seat: Seat, _: str) -> None:
    seat.press("r")
    expect(seat.letter).to_be_visible()
    seat.press("Escape")


def complaint(seat: Seat, _: str) -> None:
    seat.page.get_by_role("tab", name="Complaint").click()


def palette(seat: Seat, _: str) -> None:
    seat.press("Control+k")
    expect(seat.page.get_by_role("dialog")).to_be_visible()


def cheat_sheet(seat: Seat, _: str) -> None:
    seat.press("Escape", "?")
    expect(seat.page.get_by_role("heading", name="Keyboard")).to_be_visible()


def customer(seat: Seat, id: str) -> None:
    seat.go(f"/customers/{id}")
    expect(seat.page.get_by_role("heading", level=1)).to_have_text("Alice Moreno")


def history(seat: Seat, id: str) -> None:
    seat.go(f"/customers/{id}/history")
    expect(seat.page.get_by_role("heading", name="As it stood then")).to_be_visible()
    seat.page.locator(".fact-name").nth(3).click()


def search(seat: Seat, _: str) -> None:
    seat.go("/search?q=lamp")
    expect(seat.page.locator("a.hit").first).to_be_visible()


def parked(seat: Seat, _: str) -> None:
    seat.go("/parked")
    expect(seat.page.get_by_role("button", name="Read again")).to_be_visible()


PAGES: tuple[Callable[[Seat, str], None], ...] = (
    inbox, conversation, writing, complaint, palette, cheat_sheet, customer, history, search, parked,
)  # fmt: skip


@pytest.mark.timeout(180)
@pytest.mark.parametrize(("theme", "width"), LOOKS)
def test_no_page_has_a_serious_fault(room: Room, written: str, theme: str, width: int) -> None:
    look = {"color_scheme": theme, "viewport": {"width": width, "height": 900}, "bypass_csp": True}
    found = {"login": faults_of_login(room, look)}
    with room.seat("lee", **look) as lee:
        for show in PAGES:
            show(lee, written)
            found[show.__name__] = faults(lee.page, only_colours=theme == "dark")
            lee.picture(f"axe-{show.__name__}-{width}-{theme}")
    assert {name: wrong for name, wrong in found.items() if wrong} == {}


def faults_of_login(room: Room, look: dict[str, object]) -> list[str]:
    context = room.browser.new_context(locale="en-GB", **look)  # type: ignore[arg-type]
    seat = taken(room.hub, context)
    seat.go("/")
    expect(seat.page.get_by_label("Password")).to_be_visible()
    wrong = faults(seat.page)
    context.close()
    return wrong


def faults(page: Page, *, only_colours: bool = False) -> list[str]:
    """Serious and critical ones: rule, and what it is about. A theme changes nothing but colours.

    What is still fading in has other colours than it will have.
    """
    page.evaluate(STILL)
    options = {"runOnly": ["color-contrast"]} if only_colours else {}
    found = Axe().run(page, options=options).response["violations"]
    return [
        f"{one['id']}: {node['target']} {node.get('failureSummary', '')}"
        for one in found
        if one["impact"] in ("serious", "critical")
        for node in one["nodes"][:3]
    ]


def test_negative_control_axe_sees_a_fault(room: Room) -> None:
    page = room.browser.new_page(bypass_csp=True)
    page.set_content('<!doctype html><html><title>x</title><main><img src="data:,"><button></button></main>')
    assert faults(page)
    page.close()
