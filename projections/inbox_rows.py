"""What each fact changes in the inbox."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Executable, delete, update

from hub.app.ports import Recorded
from hub.domain.conversation import events as c
from projections.inbox_tables import inbox, tags, troubles
from projections.inbox_undo import AS_BEFORE, KEEP_BEFORE, KEEP_LINE
from projections.page import Fill, Page, Plain, Plus, Value
from projections.projection import Projection, Subscriptions, blank, instant, known, text_of

project = Subscriptions()

ONE_MORE = Plus(1)


def snippet(text: str | None) -> str | None:
    """One line of at most 160 characters."""
    return None if text is None else " ".join(text[:600].split())[:160]


def last_words(event: c.ReplyWritten, recorded: Recorded) -> dict[str, Value]:
    """A machine's letter is nobody's last word: the row goes on showing the customer's."""
    if event.automatic:
        return {}
    return {
        "line": snippet(known(event.text)),
        "line_by": recorded.envelope.actor.kind,
        "line_of": text_of(event.message),
    }


@project.on(c.ConversationOpened)
def _(event: c.ConversationOpened, recorded: Recorded, page: Page) -> None:
    at = instant(recorded.recorded_at)
    page.upsert(
        inbox,
        text_of(event.conversation),
        {
            "customer": text_of(recorded.stream),
            "account": text_of(event.account),
            "channel": event.channel,
            "opened_at": at,
            "last_at": at,
            "subject": known(event.subject),
        },
    )


@project.on(c.MessageReceived)
def _(event: c.MessageReceived, recorded: Recorded, page: Page) -> None:
    sender, message = known(event.sender), text_of(event.message)
    waits: dict[str, Value] = {"waiting_since": Fill(instant(event.received_at)), "unanswered": ONE_MORE}
    page.update(
        inbox,
        text_of(event.conversation),
        {
            "sender_name": sender.name if sender else None,
            "sender_address": sender.address if sender else None,
            "line": snippet(known(event.new_text)),
            "line_by": "customer",
            "line_of": message,
            "last_at": instant(recorded.recorded_at),
            "language": event.language,
            "verified": event.verified,
            "messages": ONE_MORE,
            "received": ONE_MORE,
            "last_message": message,
            "last_customer_message": message,
            "answered": False,
            **({} if event.automatic else waits),
        },
    )


@project.on(c.ReplyWritten)
def _(event: c.ReplyWritten, recorded: Recorded, page: Page) -> None:
    conversation = text_of(event.conversation)
    if not event.automatic:
        page.update(inbox, conversation, KEEP_LINE)
    if event.author is not None and event.kind != "forward":
        page.update(inbox, conversation, {"answer": text_of(event.message)})
        page.update(inbox, conversation, KEEP_BEFORE)
        page.update(inbox, conversation, {"answered": True, "waiting_since": None, "unanswered": 0})
    page.update(
        inbox,
        conversation,
        {
            **last_words(event, recorded),
            "last_at": instant(recorded.recorded_at),
            "messages": ONE_MORE,
            "last_message": text_of(event.message),
        },
    )


@project.on(c.ReplyWithdrawn)
def _(event: c.ReplyWithdrawn, recorded: Recorded, page: Page) -> None:
    page.update(inbox, text_of(event.conversation), {"answer": text_of(event.message)})
    page.update(inbox, text_of(event.conversation), AS_BEFORE)
    page.delete(troubles, text_of(event.message))


@project.on(c.NoteAdded)
def _(event: c.NoteAdded, recorded: Recorded, page: Page) -> None:
    page.update(inbox, text_of(event.conversation), {"notes": ONE_MORE})


@project.on(c.ConversationAssigned)
def _(event: c.ConversationAssigned, recorded: Recorded, page: Page) -> None:
    assignee = None if event.assignee is None else text_of(event.assignee)
    page.update(inbox, text_of(event.conversation), {"assignee": assignee})


@project.on(c.ConversationSnoozed)
def _(event: c.ConversationSnoozed, recorded: Recorded, page: Page) -> None:
    page.update(
        inbox, text_of(event.conversation), {"life": "snoozed", "snoozed_until": instant(event.until)}
    )


@project.on(c.ConversationWoken, c.ConversationReopened)
def _(event: c.ConversationWoken | c.ConversationReopened, recorded: Recorded, page: Page) -> None:
    """Whoever opens it again has something to do; undo alone leaves an earlier answer the last word."""
    values: dict[str, Value] = {"life": "open", "snoozed_until": None}
    if event.by != "undo":
        values["answered"] = False
    page.update(inbox, text_of(event.conversation), values)


@project.on(c.ConversationResolved)
def _(event: c.ConversationResolved, recorded: Recorded, page: Page) -> None:
    done: dict[str, Plain] = {
        "life": "resolved",
        "snoozed_until": None,
        "waiting_since": None,
        "unanswered": 0,
    }
    page.update(inbox, text_of(event.conversation), done)


@project.on(c.ConversationTagged)
def _(event: c.ConversationTagged, recorded: Recorded, page: Page) -> None:
    page.add(tags, (text_of(event.conversation), event.tag), {})


@project.on(c.ConversationUntagged)
def _(event: c.ConversationUntagged, recorded: Recorded, page: Page) -> None:
    page.delete(tags, (text_of(event.conversation), event.tag))


@project.on(c.ConversationMarkedSpam)
def _(event: c.ConversationMarkedSpam, recorded: Recorded, page: Page) -> None:
    page.update(inbox, text_of(event.conversation), {"spam": True})


@project.on(c.ConversationUnmarkedSpam)
def _(event: c.ConversationUnmarkedSpam, recorded: Recorded, page: Page) -> None:
    page.update(inbox, text_of(event.conversation), {"spam": False})


@project.on(c.DeliveryFailed)
def _(event: c.DeliveryFailed, recorded: Recorded, page: Page) -> None:
    page.upsert(
        troubles, text_of(event.message), {"conversation": text_of(event.conversation), "trouble": "failed"}
    )


@project.on(c.DeliveryUncertain)
def _(event: c.DeliveryUncertain, recorded: Recorded, page: Page) -> None:
    page.upsert(
        troubles,
        text_of(event.message),
        {"conversation": text_of(event.conversation), "trouble": "uncertain"},
    )


@project.on(c.DeliveryBounced)
def _(event: c.DeliveryBounced, recorded: Recorded, page: Page) -> None:
    if event.permanent:
        page.upsert(
            troubles,
            text_of(event.message),
            {"conversation": text_of(event.conversation), "trouble": "bounced"},
        )


@project.on(c.DeliveryRetried, c.DeliveryHandedOver)
def _(event: c.DeliveryRetried | c.DeliveryHandedOver, recorded: Recorded, page: Page) -> None:
    page.delete(troubles, text_of(event.message))


PERSONAL = ("subject", "sender_name", "sender_address", "line", "line_before", "line_heard")


def forget(customer: str) -> Iterator[Executable]:
    """The conversation still counts, as one that is over; its words, its names and its tags are gone."""
    mine = inbox.c.customer == customer
    of_mine = inbox.select().with_only_columns(inbox.c.conversation).where(mine).scalar_subquery()
    yield (
        update(inbox)
        .where(mine)
        .values(blank(PERSONAL) | {"life": "resolved", "snoozed_until": None, "waiting_since": None})
    )
    yield delete(tags).where(tags.c.conversation.in_(of_mine))
    yield delete(troubles).where(troubles.c.conversation.in_(of_mine))


projection = Projection(
    name="inbox", version=4, tables=(inbox, tags, troubles), project=project, forget=forget
)
