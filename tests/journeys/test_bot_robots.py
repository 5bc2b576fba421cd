"""Machines, lists, bounces and ourselves get no letter, even when a person marks what they wrote as a complaint."""

from __future__ import annotations

import json
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from hub.app.kinds import CUSTOMER
from hub.app.ports import Envelope, Recorded
from hub.assembly.bot import reactions
from hub.assembly.house import House, now
from hub.domain.complaint.commands import RegisterComplaint
from hub.domain.complaint.events import AcknowledgementWithheld, ComplaintRegistered
from hub.domain.conversation.events import MessageReceived, ReplyWritten
from hub.domain.customer.decisions import decide
from hub.domain.ids import CommandId, ComplaintId
from hub.domain.vocabulary import Actor
from tests.journeys.house import a_house, deliver
from tests.journeys.test_bot_caps import facts, react

LETTERS = Path(__file__).parents[1] / "letters"


def is_robot(read: dict[str, Any]) -> bool:
    return bool(read.get("automatic", {}).get("is") or read.get("bounce", {}).get("is"))


READ = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in LETTERS.glob("*.json")}
ROBOTS = sorted(name for name, read in READ.items() if is_robot(read))
PEOPLE = ("iphone-reply", "gmail-zh", "outlook-reply")
ANGRY = "This is a complaint: the lamp arrived broken and nobody answers!"


async def mark(house: House, fact: Recorded) -> None:
    """A person says that this message is a complaint."""
    assert isinstance(fact.event, MessageReceived)
    command = RegisterComplaint(
        complaint=ComplaintId(uuid4()),
        conversation=fact.event.conversation,
        message=fact.event.message,
        number="C-2026-00001",
        received_at=now(),
    )
    envelope = Envelope(actor=Actor(kind="agent", id="ada"), command=CommandId(uuid4()))
    await house.transactor.transact(
        CUSTOMER, fact.stream, lambda state: decide(command, state, now()), envelope
    )


async def marked_by_hand(house: House, names: tuple[str, ...] | list[str]) -> int:
    """Take these letters in, mark each as a complaint; how many there were."""
    for name in names:
        await deliver(house, (LETTERS / f"{name}.eml").read_bytes())
    heard = [fact for fact in await house.log.read_all() if isinstance(fact.event, MessageReceived)]
    for fact in heard:
        await mark(house, fact)
    await react(reactions(house), house)
    return len(heard)


async def test_no_machine_s_letter_is_answered_even_when_marked_by_hand(tmp_path: Path) -> None:
    assert len(ROBOTS) >= 7
    async with a_house(tmp_path) as house:
        heard = await marked_by_hand(house, ROBOTS)
        assert heard == len(ROBOTS) == len(await facts(house, ComplaintRegistered))
        assert await facts(house, ReplyWritten) == []
        assert len(await facts(house, AcknowledgementWithheld)) == heard


async def test_people_s_letters_are_answered_when_marked_by_hand(tmp_path: Path) -> None:
    """The negative control: the same way leads to letters for people."""
    async with a_house(tmp_path) as house:
        heard = await marked_by_hand(house, PEOPLE)
        assert len(await facts(house, ReplyWritten)) == heard == len(PEOPLE)


async def test_no_machine_s_letter_is_detected(tmp_path: Path) -> None:
    async with a_house(tmp_path) as house:
        for name in ROBOTS:
            await deliver(house, (LETTERS / f"{name}.eml").read_bytes())
        await react(reactions(house), house)
        assert await facts(house, ComplaintRegistered, ReplyWritten) == []


SIGNS = {
    "Auto-Submitted": "auto-replied",
    "List-Id": "<news.shop.example>",
    "Precedence": "bulk",
    "Return-Path": "<>",
    "X-Auto-Response-Suppress": "All",
    "List-Unsubscribe": "<mailto:off@x.example>",
}


def angry(sender: str = "eve@customers.example", subject: str = "Away", **heads: str) -> bytes:
    letter = EmailMessage()
    letter["From"], letter["To"], letter["Subject"] = sender, "care@shop.example", subject
    letter["Message-ID"] = f"<{uuid4()}@customers.example>"
    for name, value in heads.items():
        letter[name.replace("_", "-")] = value
    letter.set_content(ANGRY)
    return letter.as_bytes()


@pytest.mark.parametrize("sign", SIGNS)
async def test_an_angry_robot_gets_no_letter(tmp_path: Path, sign: str) -> None:
    async with a_house(tmp_path) as house:
        await deliver(house, angry(**{sign: SIGNS[sign]}))
        await react(reactions(house), house)
        assert await facts(house, ReplyWritten) == []


@pytest.mark.parametrize(
    "sender",
    ["no-reply@x.example", "MAILER-DAEMON@x.example", "care@shop.example", "care+x@shop.example", ""],
)
async def test_nobody_and_ourselves_get_no_letter(tmp_path: Path, sender: str) -> None:
    async with a_house(tmp_path) as house:
        await deliver(house, angry(sender))
        await react(reactions(house), house)
        assert await facts(house, ReplyWritten) == []


async def test_a_responder_without_any_sign_gets_three_letters_a_day(tmp_path: Path) -> None:
    """Each of our letters makes it write anew, about a complaint, in a thread of its own."""
    async with a_house(tmp_path) as house:
        for _ in range(10):
            await deliver(house, angry(subject="I am away"))
            await react(reactions(house), house)
        assert len(await facts(house, ComplaintRegistered)) == 10
        assert len(await facts(house, ReplyWritten)) == 3


async def test_without_a_limit_it_would_get_a_letter_each_time(tmp_path: Path) -> None:
    """The negative control."""
    async with a_house(tmp_path, bot={"max_letters_per_day": 20}) as house:
        for _ in range(6):
            await deliver(house, angry(subject="I am away"))
            await react(reactions(house), house)
        assert len(await facts(house, ReplyWritten)) == 6
