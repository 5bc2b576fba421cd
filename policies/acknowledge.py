"""A registered complaint is acknowledged at once, exactly once, in the letter's language (RFC 3834: never a robot, never a list)."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from hub.domain.complaint.commands import Acknowledge, WithholdAcknowledgement
from hub.domain.complaint.events import ComplaintRegistered
from hub.domain.conversation.commands import Letter
from hub.domain.conversation.events import MessageReceived
from hub.domain.ids import MessageId
from hub.domain.letters import Address
from hub.domain.policy import Memory, Policy
from hub.domain.recipients import is_ours
from hub.domain.vocabulary import opened
from policies import letters_en, letters_zh

NAME: Final = "acknowledge"
PACKS: Final = Path(__file__).with_name("packs")
LANGUAGES: Final[Mapping[str, ModuleType]] = {"en": letters_en, "zh": letters_zh}

_MACHINE: Final = re.compile(
    r"^(?:no-?reply|do-?not-?reply|donotreply|auto-?reply|mailer-daemon|postmaster|bounces?|daemon|majordomo|listserv"
    r"|notifications?|owner-.*|.*-(?:request|owner|bounces|noreply|no-reply)|bounces?[-+=].*|(?:no-?reply|bounces?)[-+.].*)$"
)
_RECEIPT: Final = re.compile(r"[A-Z]-[A-Z2-7]{4}-[A-Z2-7]{4}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack:
    """What is promised: an answer within so many days of receipt; and how many letters we write by ourselves."""

    version: str
    answer_within_days: int
    automatic_letters_per_address_per_day: int


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """`ours`: normalised addresses of our own inboxes. `zone`: where the promised day ends."""

    pack: Pack
    ours: Collection[str] = frozenset()
    zone: tzinfo = UTC


def react(
    house: House, event: ComplaintRegistered, memory: Memory, now: datetime
) -> Sequence[Acknowledge | WithholdAcknowledgement]:
    """The one letter, or the reason why there is none: both are on record."""
    why = why_not(memory.message, house.ours) or too_late(house, event, now)
    if why or memory.message is None:
        return [WithholdAcknowledgement(complaint=event.complaint, why=why)]
    letter = write(house, event, memory.message, MessageId(memory.derive("acknowledgement")))
    limit = house.pack.automatic_letters_per_address_per_day
    return [Acknowledge(complaint=event.complaint, letter=letter, limit=limit)]


def too_late(house: House, event: ComplaintRegistered, now: datetime) -> str:
    """A letter that promises a day which is over helps nobody: a person writes."""
    return "the promised day is over" if now.astimezone(house.zone).date() > promised(house, event) else ""


def promised(house: House, event: ComplaintRegistered) -> date:
    """Until when we answer, counted from receipt."""
    return (event.received_at + timedelta(days=house.pack.answer_within_days)).astimezone(house.zone).date()


def why_not(message: MessageReceived | None, ours: Collection[str]) -> str:
    """Why nobody is written to, "" when the sender may be. How many letters they had today is the decision's to count."""
    if message is None:
        return "the message is not on record"
    sender = opened(message.sender, Address(address=""))
    if message.automatic:
        return "a machine wrote the letter"
    if "@" not in sender.address:
        return "the letter names no sender"
    if is_ours(sender, ours):
        return "the letter came from ourselves"
    return "the sender's address takes no answers" if is_machine(sender) else ""


def is_machine(address: Address) -> bool:
    """Whether the part before the @ is one that only machines use (RFC 3834 §2, RFC 2142)."""
    local = address.address.strip().rpartition("@")[0].casefold().replace("_", "-").replace(".", "-")
    return bool(_MACHINE.match(local))


def write(house: House, event: ComplaintRegistered, answered: MessageReceived, message: MessageId) -> Letter:
    """To the bare sender address (RFC 3834 §4: never where a Reply-To points), with none of their words in it.

    What our letter is called and where an answer goes is added by who knows the token.
    """
    language = "zh" if answered.language.startswith("zh") else "en"
    words = LANGUAGES[language]
    by = promised(house, event)
    ref = opened(answered.message_ref, "") if answered.channel == "email" else ""
    return Letter(
        message=message,
        conversation=event.conversation,
        account=answered.account,
        kind="acknowledgement",
        to=(Address(address=opened(answered.sender, Address(address="")).address),),
        subject=words.SUBJECT.format(number=event.number),
        text=words.TEXT.format(number=event.number, by=_day(words, by)) + receipt_line(answered, words),
        in_reply_to=ref,
        references=_ancestors(answered, ref),
        answers=answered.message,
        automatic="auto-replied",
        language=language,
    )


def receipt_line(answered: MessageReceived, words: ModuleType) -> str:
    """A form's visitor saw a number of ours on the screen: it stands in the letter too."""
    number = receipt_number(answered)
    line: str = words.RECEIPT_LINE.format(number=number) if number else ""
    return line


def receipt_number(answered: MessageReceived) -> str:
    """The number that a form's visitor was shown; "" for other channels, whose Message-ID is the sender's own word."""
    number = opened(answered.message_ref, "")
    return number if answered.channel == "webform" and _RECEIPT.fullmatch(number) else ""


def policy(*, ours: Collection[str] = frozenset(), zone: tzinfo = UTC, pack: Pack | None = None) -> Policy:
    """The rule of the house, by `pack` or by the one that is shipped."""
    house = House(pack=pack or shipped(), ours=ours, zone=zone)

    def react_in_house(
        event: Any, memory: Memory, now: datetime
    ) -> Sequence[Acknowledge | WithholdAcknowledgement]:
        return react(house, event, memory, now)

    return Policy(
        name=NAME,
        hears=frozenset({ComplaintRegistered}),
        react=react_in_house,
        about=lambda event: event.message,
    )


@cache
def shipped() -> Pack:
    """The promises that come with the hub."""
    return Pack(**tomllib.loads((PACKS / "textbook.toml").read_text(encoding="utf-8")))


def _day(words: ModuleType, by: date) -> str:
    said: str = words.day(by)
    return said


def _ancestors(answered: MessageReceived, ref: str) -> tuple[str, ...]:
    """RFC 5322 §3.6.4: what the letter itself referred to, then the letter. The newest twenty are enough to thread by."""
    earlier = opened(answered.references, ()) or opened(answered.in_reply_to, ())
    return tuple(dict.fromkeys((*earlier[-20:], ref))) if ref else ()
