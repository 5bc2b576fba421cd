"""The main journey: a letter in, an acknowledgement, a reply by keyboard, the answer, resolved, and the history of it all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.journeys.conftest import CUSTOMERS
from tests.journeys.hub_process import Hub, mail_server_running
from tests.journeys.post import ORDERS, SUPPORT, Post, answer, is_automatic, letter, until, words
from tests.journeys.seat import Room, Seat, sign_in, taken
from tests.servers.dovecot_exim import dovecot_exim

COMPLAINT = "The lamp arrived broken and nobody answers. I am very disappointed and want my money back. This is a complaint!"
SUBJECT = "My lamp arrived broken"
REPLY = "I am sorry about the lamp. A new one leaves today."
THANKS = "Thank you, that settles it."


@pytest.fixture(
    scope="module",
    params=["demo server", pytest.param("dovecot and exim", marks=pytest.mark.needs("dovecot", "exim4"))],
)
def post(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Post]:
    if request.param == "demo server":
        with mail_server_running(tmp_path_factory.mktemp("mail"), CUSTOMERS) as running:
            yield running
    else:
        with dovecot_exim([SUPPORT, ORDERS, *CUSTOMERS]) as rig:
            yield Post(rig.smtp_port, rig.imap_port, rig.ca_pem)


@pytest.mark.timeout(180)
def test_from_a_letter_to_the_history_of_it(room: Room, post: Post, people: dict[str, Any]) -> None:
    alice = people["alice"]
    with newcomer(room, "mia") as mia:
        mia.page.evaluate("window.neverReloaded = true")
        first = post.write(alice, letter(alice, SUBJECT, COMPLAINT))
        expect(mia.row(SUBJECT)).to_contain_text("Alice Moreno")
        expect(mia.row(SUBJECT)).to_contain_text("C-20")
        assert_acknowledges(post.gets(alice, is_automatic), first)
        reply_by_keyboard(mia)
        heard = post.gets(alice, lambda one: not is_automatic(one))
        assert_answers(heard, first)
        post.write(alice, answer(alice, heard, THANKS))
        expect(mia.cards.last).to_contain_text(THANKS)
        expect(mia.row(SUBJECT)).to_have_count(1)
        mia.picture("main-thread")
        customer, before, after = resolve_by_key(mia)
        assert mia.page.evaluate("window.neverReloaded")
        assert not mia.broken
    assert status_as_of(room.hub, customer, before) == "open"
    assert status_as_of(room.hub, customer, after) == "resolved"
    auditor_looks(room, customer, before)
    assert len([one for one in post.mailbox(alice) if is_automatic(one)]) == 1


@contextmanager
def newcomer(room: Room, who: str) -> Iterator[Seat]:
    """Somebody who signs in at the page and finds an empty inbox."""
    context = room.browser.new_context(locale="en-GB", viewport={"width": 1440, "height": 900})
    seat = taken(room.hub, context)
    seat.go("/")
    sign_in(seat, who)
    expect(seat.page.get_by_text("No open conversations")).to_be_visible()
    yield seat
    context.close()


def resolve_by_key(seat: Seat) -> tuple[str, int, int]:
    """The customer, and the positions before and after."""
    open_now, conversation = seat.thread_now(), seat.conversation
    seat.press("e")
    expect(seat.toast).to_contain_text("Resolved")
    expect(seat.row(SUBJECT)).to_have_count(0)
    resolved = seat.api(f"/conversations/{conversation}")
    return open_now["row"]["customer"], open_now["position"], resolved["position"]


def assert_acknowledges(told: EmailMessage, first: EmailMessage) -> None:
    assert str(told["In-Reply-To"]) == str(first["Message-ID"])
    assert str(first["Message-ID"]) in str(told["References"])
    assert "C-20" in str(told["Subject"])
    assert "C-20" in words(told)
    assert "sorry" in words(told)
    assert SUPPORT.address in str(told["From"])


def reply_by_keyboard(seat: Seat) -> None:
    """No pointer is touched: choose, open, write, send."""
    seat.press("j", "Enter")
    expect(seat.thread.get_by_role("heading", level=1)).to_have_text(SUBJECT)
    seat.press("r")
    expect(seat.letter).to_be_focused()
    seat.type(REPLY)
    seat.press("Control+Enter")
    expect(seat.toast).to_contain_text("Your letter leaves in")
    expect(seat.thread.locator("article.reply:not(.automatic)")).to_contain_text("Sent")
    expect(seat.letter).to_have_count(0)


def assert_answers(heard: EmailMessage, first: EmailMessage) -> None:
    assert str(heard["In-Reply-To"]) == str(first["Message-ID"])
    assert str(heard["References"]).split()[0] == str(first["Message-ID"])
    assert str(heard["From"]) == f"{SUPPORT.name} <{SUPPORT.address}>"
    assert str(heard["Subject"]) == f"Re: {SUBJECT}"
    assert words(heard).startswith(REPLY)
    assert "The Lamp Shop\nhttp://shop.example" in words(heard).replace("\r\n", "\n")
    for name in ("Auto-Submitted", "Precedence", "X-Auto-Response-Suppress"):
        assert heard[name] is None, name


def status_as_of(hub: Hub, customer: str, position: int) -> str:
    """The conversation's status in the terminal's history."""
    answer = hub.asks("history", customer, "--as-of", str(position))
    (conversation,) = answer["state"]["conversations"]
    return str(conversation["status"])


def auditor_looks(room: Room, customer: str, before: int) -> None:
    """The slider shows the state before and after, and the reading is on record."""
    with room.seat("ada", f"/customers/{customer}/history") as ada:
        state = ada.page.get_by_role("region", name="As it stood then")
        expect(ada.page.get_by_role("heading", level=1)).to_have_text("History of Alice Moreno")
        expect(state).to_contain_text("resolved")
        ada.picture("main-history-now")
        ada.page.locator(f"#fact-{before} .fact-position").click()
        expect(ada.page.locator("output.as-of")).to_contain_text(str(before))
        expect(state).not_to_contain_text("resolved")
        ada.picture("main-history-before")
        ada.page.get_by_role("button", name="Now", exact=True).click()
        expect(state).to_contain_text("resolved")
        facts = lambda: ada.api(f"/customers/{customer}/history?limit=1000")["facts"]  # noqa: E731
        viewed = lambda: [one for one in facts() if one["name"] == "record.viewed.v1"]  # noqa: E731
        until(lambda: any(one["actor"]["id"] == room.hub.agents["ada"] for one in viewed()), "not recorded")
