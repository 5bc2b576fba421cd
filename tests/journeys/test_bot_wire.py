"""The bot on a real wire: what stands in the letter it sends, and two hubs that face each other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.headerregistry import Address as Written
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from channels.email import writing
from hub.app.reactions import mark_name
from hub.assembly import post
from hub.assembly.house import House, open_house
from hub.assembly.working import at_work
from hub.demo.mailserver import MailServer, User
from hub.domain.complaint.events import ComplaintRegistered
from hub.domain.conversation.events import DeliveryHandedOver, MessageReceived, ReplyWritten
from infra.settings import Settings, parse_settings
from policies import detect_complaint
from policies.letters_en import day as english_day
from policies.letters_zh import day as chinese_day

CARE, RIVAL, ALICE = "care@shop.example", "help@rival.example", "alice@customers.example"
EVIL = "http://evil.example/click"


@asynccontextmanager
async def a_mail_server() -> AsyncIterator[MailServer]:
    users = [User(address=address, password="demo") for address in (CARE, RIVAL, ALICE)]
    async with MailServer(users=users) as server:
        yield server


def settings_for(server: MailServer, folder: Path, address: str) -> Settings:
    folder.mkdir()
    (folder / "ca.pem").write_text(server.ca_pem)
    (folder / "password").touch(mode=0o600)
    (folder / "password").write_text("demo")
    login = address.replace("@", "%40")
    mailbox = {
        "name": "care",
        "address": address,
        "imap": f"imaps://{login}@127.0.0.1:{server.imap_port}/INBOX",
        "smtp": f"smtp+starttls://{login}@127.0.0.1:{server.smtp_port}",
        "password_file": "password",
        "ca_file": "ca.pem",
        "trusted_authserv_ids": [server.authserv_id],
    }
    written = {"data": "hub", "master_key_file": "master.key", "workspace": "wire", "mailbox": [mailbox]}
    return parse_settings(written, {}, folder)


@asynccontextmanager
async def a_hub(server: MailServer, folder: Path, address: str) -> AsyncIterator[House]:
    opening = open_house(settings_for(server, folder, address), tell=lambda _: None, reading=1)
    async with opening as house, at_work(house):
        yield house


async def facts(house: House, *kinds: type) -> list[Any]:
    return [fact.event for fact in await house.log.read_all(limit=10_000) if isinstance(fact.event, kinds)]


async def until(so: Callable[[], Awaitable[Any]]) -> Any:
    """What `so` says, once it says something."""
    async with asyncio.timeout(60):
        while not (found := await so()):  # noqa: ASYNC110 - another side's mailbox
            await asyncio.sleep(0.02)
    return found


async def all_thought_over(house: House) -> None:
    """Every letter on record was shown to the detection."""

    async def so() -> bool:
        heard = [f.position for f in await house.log.read_all() if isinstance(f.event, MessageReceived)]
        return int(await house.log.mark(mark_name(detect_complaint.policy())) or 0) >= max(heard, default=0)

    await until(so)


def complaint(sender: str, to: str, text: str, subject: str = "Broken lamp") -> bytes:
    letter = EmailMessage()
    letter["From"] = Written(display_name=f"Click {EVIL}", addr_spec=sender)
    letter["To"], letter["Subject"] = to, subject
    letter["Message-ID"] = f"<complaint-{len(text)}@customers.example>"
    letter["Reply-To"] = "victim@customers.example"
    letter.set_content(text)
    return letter.as_bytes()


def parsed(raw: bytes) -> EmailMessage:
    found = message_from_bytes(raw, policy=policy.default)
    assert isinstance(found, EmailMessage)
    return found


def words(letter: EmailMessage) -> str:
    body = letter.get_body(("plain",))
    return "" if body is None else str(body.get_content())


LANGUAGES = {
    "en": (
        f"The lamp arrived broken. Refund me! {EVIL}",
        english_day,
        ("complaint", "bot", "speak to a person"),
    ),
    "zh": (f"台灯收到就是坏的，我要求退款。{EVIL}", chinese_day, ("投诉", "机器人", "工作人员")),
}


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_the_letter_on_the_wire_is_a_robot_s_and_says_what_it_must(
    tmp_path: Path, language: str
) -> None:
    text, day, said = LANGUAGES[language]
    async with a_mail_server() as server, a_hub(server, tmp_path / "hub", CARE) as house:
        received = datetime.now(UTC)
        await server.deliver(complaint(ALICE, CARE, text, "Lamp"), ALICE, CARE, login=ALICE)
        (raw,) = await until(lambda: server.letters(ALICE))
        (registered,) = await facts(house, ComplaintRegistered)
        letter = parsed(raw)
    assert letter["Auto-Submitted"] == "auto-replied"
    assert letter["Return-Path"] == "<>"
    assert letter["X-Auto-Response-Suppress"] == "All"
    assert letter["Precedence"] == "auto_reply"
    assert letter["In-Reply-To"] == f"<complaint-{len(text)}@customers.example>"
    assert letter["In-Reply-To"] in letter["References"]
    assert (letter["To"], letter["Content-Language"][:2]) == (ALICE, language)
    assert registered.number in letter["Subject"]
    assert registered.number in words(letter)
    days = {day((moment + timedelta(days=7)).date()) for moment in (received, datetime.now(UTC))}
    assert any(promised in words(letter) for promised in days)
    for part in said:
        assert part in words(letter)
    assert b"evil" not in raw
    assert "lamp" not in words(letter).casefold()


async def test_a_forged_sender_leads_to_a_letter_without_the_forger_s_words_or_the_victim_s_history(
    tmp_path: Path,
) -> None:
    """The forger names the victim's conversation; the letter goes to the victim, and quotes nothing."""
    async with a_mail_server() as server, a_hub(server, tmp_path / "hub", CARE) as house:
        secret = complaint(ALICE, CARE, "My account number is 4711, a private matter.", "Private")
        await server.deliver(secret, ALICE, CARE, login=ALICE)
        await until(lambda: facts(house, MessageReceived))
        forged = complaint(ALICE, CARE, f"This is a complaint! Pay at {EVIL} now.", f"Invoice {EVIL}")
        await server.deliver(forged, "mallory@evil.example", CARE)
        (raw,) = await until(lambda: server.letters(ALICE))
        heard = [
            fact.stream for fact in await house.log.read_all() if isinstance(fact.event, MessageReceived)
        ]
    assert len(set(heard)) == 2
    for never in (b"evil", b"4711", b"private", b"Private", b"Pay at"):
        assert never not in raw
    assert not any(sign in words(parsed(raw)) for sign in ("evil", "4711", "rivate"))


async def face_each_other(tmp_path: Path) -> tuple[list[bytes], list[bytes], int]:
    """A complaint from the one hub's mailbox to the other; the letters in both mailboxes once all is thought over."""
    async with (
        a_mail_server() as server,
        a_hub(server, tmp_path / "shop", CARE) as shop,
        a_hub(server, tmp_path / "rival", RIVAL) as rival,
    ):
        raw = complaint(CARE, RIVAL, "This is a complaint: your crates arrived broken.")
        await server.deliver(raw, CARE, RIVAL, login=CARE)
        await until(lambda: server.letters(CARE))
        quiet = 0
        while quiet < 2:
            before = sum([len(await facts(house, MessageReceived, ReplyWritten)) for house in (shop, rival)])
            for house, address in ((shop, CARE), (rival, RIVAL)):
                await until(lambda house=house, address=address: all_heard(server, house, address))
                await all_thought_over(house)
                await until(lambda house=house: all_sent(house))
            after = sum([len(await facts(house, MessageReceived, ReplyWritten)) for house in (shop, rival)])
            quiet = quiet + 1 if before == after else 0
        written = [len(await facts(house, ReplyWritten)) for house in (shop, rival)]
        return await server.letters(CARE), await server.letters(RIVAL), sum(written)


async def all_heard(server: MailServer, house: House, address: str) -> bool:
    return len(await facts(house, MessageReceived)) == len(await server.letters(address))


async def all_sent(house: House) -> bool:
    """Every registered complaint has its letter, and every letter left."""
    sent, written = await facts(house, DeliveryHandedOver), await facts(house, ReplyWritten)
    return len(sent) == len(written) >= len(await facts(house, ComplaintRegistered))


async def test_two_hubs_facing_each_other_exchange_one_automatic_letter(tmp_path: Path) -> None:
    shop, rival, written = await face_each_other(tmp_path)
    assert written <= 2
    assert (len(shop), len(rival)) == (1, 1)


async def test_hubs_that_do_not_say_that_they_are_robots_would_answer_each_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control: without the marks of a machine the answer is answered; even so it soon ends."""
    plain = post.outgoing
    monkeypatch.setattr(writing, "machine_fields", lambda keyword: iter(()))
    monkeypatch.setattr(
        post, "outgoing", lambda letter, inbox, files: with_return_path(plain, letter, inbox, files)
    )
    _, _, written = await face_each_other(tmp_path)
    assert 2 <= written <= 6


def with_return_path(plain: Any, letter: Any, inbox: Any, files: Any) -> Any:
    from dataclasses import replace

    return replace(plain(letter, inbox, files), envelope_from=inbox.address.address)
