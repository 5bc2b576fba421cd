"""Who fills in a form gets its number by mail too, once, unless an acknowledgement with a complaint's number is on its way."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Final

from hub.domain.conversation.commands import Letter, WriteReply
from hub.domain.conversation.events import MessageReceived
from hub.domain.ids import MessageId
from hub.domain.letters import Address
from hub.domain.policy import Memory, Policy
from hub.domain.vocabulary import opened
from policies.acknowledge import LANGUAGES, receipt_number, why_not
from policies.complaint_words import Pack
from policies.detect_complaint import score

NAME: Final = "receipt"


def react(
    event: MessageReceived,
    memory: Memory,
    ours: Collection[str],
    acknowledged_by: Pack | None,
    limit: int = 3,
) -> Sequence[WriteReply]:
    """To the bare address, with none of the visitor's words. `acknowledged_by`: whose complaints get a letter of their own."""
    number = receipt_number(event)
    if not number or why_not(event, ours) or (acknowledged_by and is_complaint(event, acknowledged_by)):
        return []
    letter = write(event, number, MessageId(memory.derive("receipt")))
    return [
        WriteReply(
            letter=letter,
            author=None,
            undo_seconds=0.0,
            limit=limit,
        )
    ]


def is_complaint(event: MessageReceived, pack: Pack) -> bool:
    return score(pack, opened(event.subject, ""), opened(event.new_text, "")).is_complaint


def write(event: MessageReceived, number: str, message: MessageId) -> Letter:
    """What our letter is called and where an answer goes is added by who knows the token."""
    language = "zh" if event.language.startswith("zh") else "en"
    words = LANGUAGES[language]
    return Letter(
        message=message,
        conversation=event.conversation,
        account=event.account,
        kind="receipt",
        to=(Address(address=opened(event.sender, Address(address="")).address),),
        subject=words.RECEIPT_SUBJECT.format(number=number),
        text=words.RECEIPT.format(number=number),
        answers=event.message,
        automatic="auto-replied",
        language=language,
    )


def policy(
    *, ours: Collection[str] = frozenset(), acknowledged_by: Pack | None = None, limit: int = 3
) -> Policy:
    """The rule of the house. `acknowledged_by`: the detection pack while complaints are acknowledged, else None.

    `limit`: automatic letters to one address within 24 hours.
    """

    def react_in_house(event: Any, memory: Memory, now: datetime) -> Sequence[WriteReply]:
        return react(event, memory, ours, acknowledged_by, limit)

    return Policy(name=NAME, hears=frozenset({MessageReceived}), react=react_in_house)
