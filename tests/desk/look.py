"""Takes pictures of every page of a running desk, in two languages, two themes and three widths, and asks axe about each.

A tool for whoever works on the desk, not a test:  python tests/desk/look.py http://127.0.0.1:8025 /tmp/desk [--axe] [--only inbox,search]
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

LAUNCH = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
)
SIZES = {1440: 900, 1024: 768, 390: 844}
READY = ".page-body > *, .history-panes, .blank, .composer, .row:not(.ghost)"
LOOKS = (("en", "light"), ("zh", "dark"), ("en", "dark"), ("zh", "light"))


def main() -> None:
    asked = arguments()
    asked.folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path="/usr/bin/chromium", args=list(LAUNCH))
        for language, theme in LOOKS[: asked.looks]:
            for width in asked.widths:
                shoot(browser, asked, language, theme, width)
        browser.close()


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("address")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--login", default="maya@lantern.example")
    parser.add_argument("--password", default="")
    parser.add_argument("--axe", action="store_true", help="also look for faults of accessibility")
    parser.add_argument("--looks", type=int, default=2, help="how many of the language and theme pairs")
    parser.add_argument("--only", default="", help="names of pages, with commas")
    parser.add_argument("--widths", type=lambda text: [int(one) for one in text.split(",")], default=[*SIZES])
    return parser.parse_args()


def shoot(browser: Browser, asked: argparse.Namespace, language: str, theme: str, width: int) -> None:
    page = browser.new_page(
        viewport={"width": width, "height": SIZES.get(width, 900)},
        color_scheme="dark" if theme == "dark" else "light",
        locale="zh-CN" if language == "zh" else "en-GB",
        base_url=asked.address,
    )
    page.on(
        "console", lambda said: print("console:", said.text) if said.type in ("error", "warning") else None
    )
    page.on("pageerror", lambda broken: print("error:", broken))
    only = set(filter(None, asked.only.split(",")))
    for name in pages(page, asked):
        if only and name not in only:
            continue
        page.wait_for_timeout(250)
        page.screenshot(path=asked.folder / f"{name}-{width}-{language}-{theme}.png")
        if asked.axe:
            complain(page, f"{name} {width} {language} {theme}")
    page.close()


def pages(page: Page, asked: argparse.Namespace) -> Iterator[str]:
    """Walk through the desk and stop where there is something to see."""
    page.goto("/inbox/open")
    page.get_by_role("button").first.wait_for()
    yield "login"
    page.locator("[name=login]").fill(asked.login)
    page.locator("[name=password]").fill(asked.password)
    page.locator("[type=submit]").click()
    page.locator(".row:not(.ghost)").first.wait_for()
    yield "inbox"
    yield from conversation(page)
    yield from layers(page)
    yield from others(page)


def conversation(page: Page) -> Iterator[str]:
    page.locator(".row:has(.badge.complaint)").first.click()
    page.locator(".card").first.wait_for()
    yield "thread"
    page.keyboard.press("r")
    page.locator(".composer textarea").wait_for()
    page.locator(".composer textarea").press_sequentially("Dear customer,\n\nthank you. /")
    yield "composer"
    page.keyboard.press("Escape")
    page.locator(".composer textarea").press("Escape")
    page.keyboard.press("n")
    yield "note"
    page.keyboard.press("Escape")
    page.locator(".thread").focus()
    if not page.locator(".panel").count():
        page.keyboard.press("\\")
    page.locator("#tab-complaint").click()
    yield "complaint"
    page.locator("#tab-customer").click()
    page.locator(".customer-name a").first.wait_for()
    yield "context"


def layers(page: Page) -> Iterator[str]:
    for name, key in (("palette", "Control+k"), ("cheatsheet", "?"), ("snooze", "h"), ("assign", "a")):
        page.locator(".thread").focus()
        page.keyboard.press(key)
        page.locator("dialog").wait_for()
        yield name
        page.keyboard.press("Escape")
        page.locator("dialog").wait_for(state="detached")


def others(page: Page) -> Iterator[str]:
    address = page.evaluate("location.pathname.split('/').pop()")
    row = page.request.get(f"/api/v1/conversations/{address}").json()["row"]
    customer = f"/customers/{row['customer']}"
    for name, path in (
        ("compose", "/inbox/open/new"),
        ("search", "/search?q=lamp"),
        ("parked", "/parked"),
        ("agents", "/agents"),
        ("saved", "/saved-replies"),
        ("customer", customer),
        ("history", f"{customer}/history"),
        ("empty", "/inbox/spam"),
    ):
        page.goto(path)
        page.locator(".fact, .blank" if name == "history" else READY).locator("visible=true").first.wait_for()
        yield name


def complain(page: Page, where: str) -> None:
    for fault in Axe().run(page).response["violations"]:
        targets = json.dumps([node["target"] for node in fault["nodes"]][:3])
        print(f"axe: {where}: {fault['impact']} {fault['id']}: {targets}")


if __name__ == "__main__":
    main()
