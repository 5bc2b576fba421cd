"""Takes the pictures of these pages from a running demo:  python docs/pictures/take.py http://127.0.0.1:8025"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

HERE = Path(__file__).resolve().parent
LAUNCH = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")
SIZE = {"width": 1440, "height": 900}


def main(address: str) -> None:
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=shutil.which("chromium"), args=list(LAUNCH))
        page = browser.new_page(viewport=SIZE, locale="en-GB", color_scheme="light", base_url=address)
        sign_in(page, "mia@lantern.example")
        page.locator(".row:has(.badge.complaint)", has_text="Alice").first.click()
        page.locator(".card").first.wait_for()
        page.wait_for_timeout(800)
        page.screenshot(path=HERE / "inbox.png")
        browser.close()


def sign_in(page: Page, login: str) -> None:
    page.goto("/inbox/open")
    page.locator("[name=login]").fill(login)
    page.locator("[name=password]").fill("demo-password")
    page.locator("[type=submit]").click()
    page.locator(".row:not(.ghost)").first.wait_for()


if __name__ == "__main__":
    main(sys.argv[1])
