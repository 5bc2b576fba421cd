"""The demo as it is started from the terminal: its desk, its customers' mailboxes, and the shop's page with the form."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from hub.demo.stage import SIGN_IN
from tests.journeys.hub_process import AMENDS, Process, amends
from tests.journeys.post import until

NUMBER = re.compile(r"W-[A-Z2-7]{4}-[A-Z2-7]{4}")


@dataclass(frozen=True, slots=True)
class Demo:
    folder: Path
    desk: str
    shop: str


@pytest.fixture(scope="module")
def demo(desk_is_built: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    folder = tmp_path_factory.mktemp("demo")
    process = Process([*AMENDS, "demo", "--quiet"], folder, folder / "demo.log")
    told = process.start("Ctrl\\+C stops everything")
    desk, shop = re.findall(r"http://127\.0\.0\.1:\d+", told)[:2]
    yield Demo(folder, desk, shop)
    assert process.stop() == 0


@pytest.mark.timeout(120)
def test_a_form_on_the_shops_page_lands_under_the_number_that_is_shown(demo: Demo, browser: Browser) -> None:
    context = browser.new_context(locale="en-GB", viewport={"width": 1440, "height": 900})
    desk, shop = context.new_page(), context.new_page()
    desk.goto(demo.desk)
    desk.get_by_label("E-mail address").fill("mia@lantern.example")
    desk.get_by_label("Password").fill(SIGN_IN)
    desk.keyboard.press("Enter")
    expect(desk.get_by_text("No open conversations")).to_be_visible()

    shop.goto(demo.shop)
    form = shop.locator("[data-amends-form]")
    form.get_by_role("button", name="Send").click()
    expect(form.get_by_role("alert")).to_be_visible()
    form.get_by_label("name").fill("Ben Okafor")
    form.get_by_label("mail").fill("ben@home.example")
    form.get_by_label("Subject").fill("A bulb for Luna")
    form.get_by_label("Message").fill("Which bulb fits the Luna lamp?")
    form.get_by_role("button", name="Send").click()
    shown = form.get_by_role("status").locator("strong")
    expect(shown).to_have_text(NUMBER)
    number = shown.inner_text()

    row = desk.get_by_role("option").filter(has_text="A bulb for Luna")
    expect(row).to_contain_text("Ben Okafor")
    expect(row.get_by_title("Web form")).to_be_visible()
    row.click()
    expect(desk.locator("#main")).to_contain_text("Which bulb fits the Luna lamp?")
    expect(desk.locator("#main")).to_contain_text("Receipt")
    context.close()
    until(lambda: number in mailbox(demo, "ben@home.example"), "no receipt by mail")


def mailbox(demo: Demo, address: str) -> str:
    """What `amends demo mailbox` shows of automatic letters."""
    shown = amends(demo.folder, "demo", "mailbox", address, "--json")
    letters = [json.loads(line) for line in shown.splitlines()]
    return "".join(one["subject"] + one["text"] for one in letters if one["auto_submitted"] not in ("", "no"))
