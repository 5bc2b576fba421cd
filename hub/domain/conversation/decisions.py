"""What may happen in a conversation. An empty list means: already so. What was heard is never refused."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import assert_never

from hub.domain.conversation.commands import (
    AddNote,
    Assign,
    MarkSpam,
    ReceiveMessage,
    Reopen,
    Resolve,
    SeeAgain,
    Snooze,
    Tag,
    TalkCommand,
    Unassign,
    UnmarkSpam,
    Untag,
    Wake,
)
from hub.domain.conversation.events import (
    ConversationAssigned,
    ConversationEvent,
    ConversationMarkedSpam,
    ConversationOpened,
    ConversationReopened,
    ConversationResolved,
    ConversationSnoozed,
    ConversationTagged,
    ConversationUnmarkedSpam,
    ConversationUntagged,
    ConversationWoken,
    MessageReceived,
    MessageSeenAgain,
    NoteAdded,
    ReopenedBy,
)
from hub.domain.conversation.state import Conversation, last_word
from hub.domain.customer.state import CustomerState
from hub.domain.errors import NoSuchConversation, NothingToSay, NotInTheFuture, ReopenFirst
from hub.domain.ids import ConversationId

Events = Sequence[ConversationEvent]


def decide(command: TalkCommand, state: CustomerState, now: datetime) -> Events:
    """The events that `command` leads to."""
    match command:
        case ReceiveMessage(message=message):
            return receive(message, state)
        case SeeAgain():
            return see_again(command)
        case Wake():
            return wake(command, named(state, command.conversation), now)
        case Snooze():
            return snooze(command, named(state, command.conversation), now)
        case _:
            return _change(command, named(state, command.conversation))


Change = AddNote | Assign | Unassign | Resolve | Reopen | Tag | Untag | MarkSpam | UnmarkSpam


def _change(command: Change, conversation: Conversation) -> Events:
    match command:
        case AddNote():
            return add_note(command)
        case Assign(assignee=assignee):
            return _once(
                conversation.assignee != assignee,
                ConversationAssigned(conversation=conversation.id, assignee=assignee),
            )
        case Unassign():
            return _once(
                conversation.assignee is not None,
                ConversationAssigned(conversation=conversation.id, assignee=None),
            )
        case Tag(tag=tag):
            return _once(
                tag not in conversation.tags, ConversationTagged(conversation=conversation.id, tag=tag)
            )
        case Untag(tag=tag):
            return _once(
                tag in conversation.tags, ConversationUntagged(conversation=conversation.id, tag=tag)
            )
        case Resolve():
            return _once(
                conversation.status != "resolved", ConversationResolved(conversation=conversation.id)
            )
        case Reopen():
            return _once(conversation.status == "resolved", reopened(conversation, "agent"))
        case MarkSpam(why=why):
            return _once(not conversation.spam, ConversationMarkedSpam(conversation=conversation.id, why=why))
        case UnmarkSpam():
            return unmark_spam(conversation)
        case _:
            assert_never(command)


def receive(message: MessageReceived, state: CustomerState) -> Events:
    """A conversation that nobody has in hand although it is not new is begun again, so that nothing is lost."""
    conversation = state.conversations.get(message.conversation)
    if conversation is None:
        return [_begun(message), message]
    if any(said.message == message.message for said in conversation.said):
        return []
    if conversation.spam:
        return [message]
    if conversation.status == "resolved":
        return [reopened(conversation, "customer"), message]
    if conversation.status == "snoozed":
        return [ConversationWoken(conversation=conversation.id, by="customer"), message]
    return [message]


def _begun(message: MessageReceived) -> ConversationOpened | ConversationReopened:
    if message.threaded_by != "new":
        return ConversationReopened(conversation=message.conversation, by="customer")
    return ConversationOpened(
        conversation=message.conversation,
        account=message.account,
        channel=message.channel,
        subject=message.subject,
    )


def see_again(command: SeeAgain) -> Events:
    """Once-keys keep it single (record rule 12)."""
    return [
        MessageSeenAgain(
            message=command.message,
            account=command.account,
            folder=command.folder,
            validity=command.validity,
            uid=command.uid,
        )
    ]


def add_note(command: AddNote) -> Events:
    if not command.text.strip():
        raise NothingToSay
    return [NoteAdded(note=command.note, conversation=command.conversation, text=command.text)]


def snooze(command: Snooze, conversation: Conversation, now: datetime) -> Events:
    if command.until <= now:
        raise NotInTheFuture
    if conversation.status == "resolved":
        raise ReopenFirst
    if conversation.snoozed_until == command.until:
        return []
    return [ConversationSnoozed(conversation=conversation.id, until=command.until)]


def wake(command: Wake, conversation: Conversation, now: datetime) -> Events:
    """A timer set before the conversation was snoozed anew finds nothing due."""
    until = conversation.snoozed_until
    if until is None or (command.by == "timer" and until > now):
        return []
    return [ConversationWoken(conversation=conversation.id, by=command.by)]


def unmark_spam(conversation: Conversation) -> Events:
    """Spam has left the state: unless it was resolved as well, it comes back as what it was."""
    if not conversation.spam:
        return []
    unmarked = ConversationUnmarkedSpam(conversation=conversation.id)
    return [unmarked] if conversation.status == "resolved" else [unmarked, reopened(conversation, "agent")]


def reopened(conversation: Conversation, by: ReopenedBy) -> ConversationReopened:
    """The fact that says what the conversation was, for those who no longer have it in hand.

    `last`: the last word of a customer or a colleague, as a composer opened now has seen it.
    """
    return ConversationReopened(
        conversation=conversation.id,
        by=by,
        assignee=conversation.assignee,
        tags=conversation.tags,
        last=last_word(conversation),
    )


def named(state: CustomerState, conversation: ConversationId) -> Conversation:
    """The conversation a command names; a closed one was put back with `with_item`."""
    found = state.conversations.get(conversation)
    if found is None:
        raise NoSuchConversation
    return found


def _once(changes: bool, event: ConversationEvent) -> Events:
    return [event] if changes else []
