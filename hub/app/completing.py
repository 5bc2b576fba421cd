"""What a policy's command still lacks, because a pure thinker can't know it: the next number, the name of our letter."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from hub.app.ports import Counters, EventLog, Inbox
from hub.domain.complaint.commands import Acknowledge, RegisterComplaint, WithholdAcknowledgement
from hub.domain.conversation.commands import Letter, WriteReply
from hub.domain.conversation.events import MessageReceived
from hub.domain.customer.decisions import Command
from hub.domain.ids import AccountId, ConversationId, MessageId, StreamId
from hub.domain.letters import Address


class Addressed(Protocol):
    """What a letter of ours is called and where an answer goes."""

    @property
    def message_ref(self) -> str: ...
    @property
    def reply_to(self) -> str: ...


class AddressReply(Protocol):
    """`hub.app.addressing.SignedAddressing.reply`, as far as it is used here."""

    def __call__(
        self, inbox: Inbox, conversation: ConversationId, message: MessageId, correspondent: Address, /
    ) -> Addressed: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Naming:
    """`inbox_for`: the inbox that writes for an account (a form's letters leave by a mailbox), None when there is none."""

    address_reply: AddressReply
    inbox_for: Callable[[AccountId], Inbox | None]


async def completed(command: Command, counters: Counters, naming: Naming) -> Command | None:
    """The command as it can be decided; None where there is nothing left to order."""
    match command:
        case RegisterComplaint(number=""):
            number = await complaint_number(counters, command.received_at.year)
            return replace(command, number=number)
        case Acknowledge():
            letter = _named(command.letter, naming)
            return replace(command, letter=letter) if letter else _withheld(command)
        case WriteReply():
            letter = _named(command.letter, naming)
            return replace(command, letter=letter) if letter else None
        case _:
            return command


async def complaint_number(counters: Counters, year: int) -> str:
    """C-2026-00042: taken before deciding, so gaps are allowed; a hint, never a credential."""
    return f"C-{year}-{await counters.next(f'complaints {year}'):05d}"


async def find_message(
    log: EventLog, stream: StreamId, message: MessageId, version: int
) -> MessageReceived | None:
    """The message, looked for backwards from `version`: what a policy asks about has mostly just come."""
    until, size = version, 32
    while until > 0:
        after = max(0, until - size)
        for fact in await log.read_stream(stream, after=after, limit=until - after):
            if isinstance(fact.event, MessageReceived) and fact.event.message == message:
                return fact.event
        until, size = after, min(size * 4, 1024)
    return None


def _named(letter: Letter, naming: Naming) -> Letter | None:
    """The letter with its name and the mailbox it leaves from; None when there is no such mailbox."""
    inbox = naming.inbox_for(letter.account)
    if inbox is None:
        return None
    called = naming.address_reply(inbox, letter.conversation, letter.message, letter.to[0])
    account = AccountId(inbox.account)
    return replace(letter, account=account, message_ref=called.message_ref, reply_to=called.reply_to)


def _withheld(command: Acknowledge) -> WithholdAcknowledgement:
    return WithholdAcknowledgement(complaint=command.complaint, why="no mailbox is connected to write from")
