"""Somebody at the desk in a browser of their own, and what they see there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from tests.journeys.hub_process import PASSWORD, Hub

PICTURES: Final = os.environ.get("AMENDS_TEST_PICTURES", "")
"""A folder for pictures of what the journeys saw; none are taken without it."""

expect.set_options(timeout=30_000)


@dataclass(frozen=True, slots=True)
class Seat:
    """One browser window. `asked`: the address of every request it made; `broken`: errors of its scripts."""

    hub: Hub
    page: Page
    asked: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    def row(self, subject: str) -> Locator:
        return self.page.locator(".list-pane").get_by_role("option").filter(has_text=subject)

    def open(self, subject: str) -> None:
        """Click the row; the conversation is there when this returns."""
        self.row(subject).click()
        expect(self.thread.get_by_role("heading", level=1)).to_have_text(subject)

    @property
    def thread(self) -> Locator:
        return self.page.locator("#main")

    @property
    def cards(self) -> Locator:
        """Letters and notes, oldest first."""
        return self.thread.locator("article")

    @property
    def toast(self) -> Locator:
        return self.page.locator(".toasts")

    @property
    def letter(self) -> Locator:
        """Where a letter is written."""
        return self.thread.get_by_role("textbox", name="Your letter")

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def type(self, text: str) -> None:
        self.page.keyboard.type(text)

    def go(self, path: str) -> None:
        self.page.goto(f"{self.hub.address}{path}")

    def picture(self, name: str) -> None:
        if PICTURES:
            self.page.screenshot(path=Path(PICTURES) / f"{name}.png")

    def api(self, path: str) -> Any:
        """What the API tells this person; it must succeed."""
        answer = self.page.request.get(f"{self.hub.address}/api/v1{path}")
        assert answer.ok, (path, answer.status, answer.text())
        return answer.json()

    @property
    def conversation(self) -> str:
        """The id of the one that is open, from the address bar."""
        return self.page.url.rpartition("/")[2]

    def thread_now(self) -> Any:
        return self.api(f"/conversations/{self.conversation}")

    @property
    def customer(self) -> str:
        return str(self.thread_now()["row"]["customer"])


@dataclass(slots=True)
class Room:
    """Every seat of one hub. Signing in takes place once for each person: passwords are slow on purpose."""

    hub: Hub
    browser: Browser
    cookies: dict[str, Any] = field(default_factory=dict)

    @contextmanager
    def seat(self, who: str, path: str = "/inbox/open", **more: Any) -> Iterator[Seat]:
        """`who` is signed in and looks at `path`. When the block ends, no script of the page may have failed."""
        if who not in self.cookies:
            self.cookies[who] = self._signed_in(who)
        context = self.browser.new_context(storage_state=self.cookies[who], **_plain(more))
        seat = taken(self.hub, context)
        seat.go(path)
        try:
            yield seat
        finally:
            seat.picture(f"last-{who}")
            context.close()
        assert not seat.broken

    def _signed_in(self, who: str) -> Any:
        context = self.browser.new_context(**_plain({}))
        seat = taken(self.hub, context)
        seat.go("/")
        sign_in(seat, who)
        state = context.storage_state()
        context.close()
        return state


def taken(hub: Hub, context: BrowserContext) -> Seat:
    """A window that notes what it asks for and what breaks."""
    seat = Seat(hub, context.new_page())
    context.on("request", lambda request: seat.asked.append(request.url))
    seat.page.on("pageerror", lambda error: seat.broken.append(str(error)))
    return seat


def sign_in(seat: Seat, who: str) -> None:
    seat.page.get_by_label("E-mail address").fill(f"{who}@shop.example")
    seat.page.get_by_label("Password").fill(PASSWORD)
    seat.press("Enter")
    expect(seat.page.get_by_role("navigation", name="Views")).to_be_visible()


def _plain(more: dict[str, Any]) -> dict[str, Any]:
    return {"locale": "en-GB", "viewport": {"width": 1440, "height": 900}, **more}
