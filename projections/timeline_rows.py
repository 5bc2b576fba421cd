"""What each fact leaves in the timeline."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Executable, update

from hub.app.ports import Recorded
from hub.domain.conversation import events as c
from projections.page import Page, Plus, Value
from projections.projection import (
    Projection,
    Subscriptions,
    blank,
    instant,
    json_of,
    known,
    maybe_instant,
    text_of,
)
from projections.system_lines import LINES, detail_of, name_of
from projections.timeline_tables import lines, messages

project = Subscriptions()


def common(recorded: Recorded) -> dict[str, Value]:
    actor = recorded.envelope.actor
    return {
        "customer": text_of(recorded.stream),
        "at": instant(recorded.recorded_at),
        "actor_kind": actor.kind,
        "actor_id": actor.id,
    }


@project.on(c.MessageReceived)
def _(event: c.MessageReceived, recorded: Recorded, page: Page) -> None:
    values: dict[str, Value] = {
        "position": recorded.position,
        "conversation": text_of(event.conversation),
        "kind": "message",
        "account": text_of(event.account),
        "channel": event.channel,
        "sender": json_of(event.sender),
        "reply_to": json_of(event.reply_to),
        "to": json_of(event.to),
        "cc": json_of(event.cc),
        "subject": known(event.subject),
        "text": known(event.text),
        "new_text": known(event.new_text),
        "has_html": event.has_html,
        "files": json_of(event.files),
        "message_ref": known(event.message_ref),
        "in_reply_to": json_of(event.in_reply_to),
        "references": json_of(event.references),
        "raw": event.raw,
        "occurred_at": maybe_instant(event.occurred_at),
        "received_at": instant(event.received_at),
        "verified": event.verified,
        "automatic": event.automatic,
        "language": event.language,
        "threaded_by": event.threaded_by,
        "threading_why": event.threading_why,
        "same_id_other_bytes": event.same_id_other_bytes,
        "defects": json_of(event.defects),
    }
    page.upsert(messages, text_of(event.message), common(recorded) | values)


@project.on(c.ReplyWritten)
def _(event: c.ReplyWritten, recorded: Recorded, page: Page) -> None:
    values: dict[str, Value] = {
        "position": recorded.position,
        "conversation": text_of(event.conversation),
        "kind": "reply",
        "author": None if event.author is None else text_of(event.author),
        "account": text_of(event.account),
        "to": json_of(event.to),
        "cc": json_of(event.cc),
        "reply_to": json_of(event.reply_to),
        "subject": known(event.subject),
        "text": known(event.text),
        "files": json_of(event.files),
        "message_ref": known(event.message_ref),
        "in_reply_to": in_list(known(event.in_reply_to)),
        "references": json_of(event.references),
        "automatic": event.automatic,
        "language": event.language,
        "reply_kind": event.kind,
        "answers": None if event.answers is None else text_of(event.answers),
        "send_after": instant(event.send_after),
        "state": "pending",
        "attempt": 0,
    }
    page.upsert(messages, text_of(event.message), common(recorded) | values)


def in_list(reference: str | None) -> str | None:
    return json_of((reference,)) if reference else None


@project.on(c.MessageSeenAgain)
def _(event: c.MessageSeenAgain, recorded: Recorded, page: Page) -> None:
    page.update(messages, text_of(event.message), {"seen_again": Plus(1)})


@project.on(c.ReplyWithdrawn)
def _(event: c.ReplyWithdrawn, recorded: Recorded, page: Page) -> None:
    page.update(messages, text_of(event.message), {"state": "withdrawn"})


@project.on(c.DeliveryStarted)
def _(event: c.DeliveryStarted, recorded: Recorded, page: Page) -> None:
    page.update(
        messages, text_of(event.message), {"state": "started", "attempt": event.attempt, "next_at": None}
    )


@project.on(c.DeliveryHandedOver)
def _(event: c.DeliveryHandedOver, recorded: Recorded, page: Page) -> None:
    refused = known(event.refused) or ()
    why = "; ".join(f"{address}: {words}" for address, words in refused)
    page.update(
        messages, text_of(event.message), {"state": "handed_over", "why": why or None, "next_at": None}
    )


@project.on(c.DeliveryDeferred)
def _(event: c.DeliveryDeferred, recorded: Recorded, page: Page) -> None:
    values: dict[str, Value] = {
        "state": "deferred",
        "next_at": instant(event.next_at),
        "why": known(event.why),
    }
    page.update(messages, text_of(event.message), values)


@project.on(c.DeliveryFailed)
def _(event: c.DeliveryFailed, recorded: Recorded, page: Page) -> None:
    page.update(
        messages, text_of(event.message), {"state": "failed", "why": known(event.why), "next_at": None}
    )


@project.on(c.DeliveryUncertain)
def _(event: c.DeliveryUncertain, recorded: Recorded, page: Page) -> None:
    page.update(
        messages, text_of(event.message), {"state": "uncertain", "why": known(event.why), "next_at": None}
    )


@project.on(c.DeliveryBounced)
def _(event: c.DeliveryBounced, recorded: Recorded, page: Page) -> None:
    why: dict[str, Value] = {"why": known(event.diagnostic)}
    page.update(messages, text_of(event.message), why | ({"state": "bounced"} if event.permanent else {}))


@project.on(c.DeliveryRetried)
def _(event: c.DeliveryRetried, recorded: Recorded, page: Page) -> None:
    page.update(messages, text_of(event.message), {"state": "pending", "why": None, "next_at": None})


@project.on(c.NoteAdded)
def _(event: c.NoteAdded, recorded: Recorded, page: Page) -> None:
    values: dict[str, Value] = {
        "conversation": text_of(event.conversation),
        "what": recorded.name,
        "note": text_of(event.note),
        "text": known(event.text),
    }
    page.upsert(lines, recorded.position, common(recorded) | values)


@project.on(*LINES)
def _(event: Any, recorded: Recorded, page: Page) -> None:
    conversation, complaint = getattr(event, "conversation", None), getattr(event, "complaint", None)
    values: dict[str, Value] = {
        "conversation": None if conversation is None else str(conversation),
        "complaint": None if complaint is None else str(complaint),
        "what": name_of(event),
        "detail": detail_of(event),
    }
    page.upsert(lines, recorded.position, common(recorded) | values)


PERSONAL_OF_MESSAGES: Sequence[str] = (
    *("sender", "reply_to", "to", "cc", "subject", "text", "new_text", "files"),
    *("message_ref", "in_reply_to", "references", "why"),
)


def forget(customer: str) -> Iterator[Executable]:
    """That something was said, when and by whom of us stays; what was said is gone."""
    yield (update(messages).where(messages.c.customer == customer).values(blank(PERSONAL_OF_MESSAGES)))
    yield update(lines).where(lines.c.customer == customer).values(text=None, detail=None, erased=True)


projection = Projection(name="timeline", version=2, tables=(messages, lines), project=project, forget=forget)
