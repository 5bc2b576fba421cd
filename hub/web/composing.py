"""A letter as it will stand on record: named by our signed token, threaded by the letter it answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from hub.app.ports import Inbox
from hub.domain.conversation.commands import Letter
from hub.domain.conversation.events import FileRef, ReplyKind
from hub.domain.ids import AccountId, ConversationId, MessageId
from hub.domain.letters import Address
from hub.web.desk_ports import Desk
from hub.web.guard import Call
from hub.web.problems import Stop

REFERENCES_KEPT = 20
"""The first and the newest of a long chain: a header line has its limits (RFC 5322 §2.1.1)."""

PREFIX = {"reply": "Re: ", "forward": "Fwd: "}


@dataclass(frozen=True, slots=True, kw_only=True)
class Composing:
    """What a colleague wants to send."""

    kind: ReplyKind
    conversation: ConversationId
    message: MessageId
    inbox: Inbox
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    subject: str
    text: str
    files: tuple[FileRef, ...] = ()


def inbox_of(desk: Desk, account: UUID) -> Inbox:
    """The inbox of this account. Raises 404."""
    found = next((inbox for inbox in desk.inboxes if inbox.account == account), None)
    if found is None:
        raise Stop(404, "no-such-account")
    return found


def composed(call: Call, what: Composing, answers: dict[str, Any] | None) -> Letter:
    """The letter; `answers` is the row of the letter it answers, None for the first of a conversation."""
    correspondent = next(iter((*what.to, *what.cc)), Address(address=""))
    named = call.desk.addressing.reply(what.inbox, what.conversation, what.message, correspondent)
    earlier = answers or {}
    return Letter(
        message=what.message,
        conversation=what.conversation,
        account=AccountId(what.inbox.account),
        kind=what.kind,
        to=what.to,
        cc=what.cc,
        subject=what.subject or subject(what.kind, earlier.get("subject") or ""),
        text=what.text,
        message_ref=named.message_ref,
        reply_to=named.reply_to,
        in_reply_to=(earlier.get("message_ref") or "") if what.kind == "reply" else "",
        references=references(earlier) if what.kind == "reply" else (),
        answers=MessageId(UUID(earlier["message"])) if earlier else None,
        language=earlier.get("language") or call.language,
        blobs=tuple(file.blob for file in what.files),
        files=what.files,
    )


def subject(kind: ReplyKind, earlier: str) -> str:
    """The subject it answers, with one "Re: " or "Fwd: " before it."""
    prefix = PREFIX.get(kind, "")
    known = (
        ("re:", "回复:", "回复：", "答复:", "答复：")
        if kind == "reply"
        else ("fwd:", "fw:", "转发:", "转发：")
    )
    return earlier if earlier.lower().startswith(known) else f"{prefix}{earlier}"


def references(earlier: dict[str, Any]) -> tuple[str, ...]:
    """The chain of the answered letter and the letter itself (RFC 5322 §3.6.4)."""
    chain = [*(earlier.get("references") or earlier.get("in_reply_to") or ()), earlier.get("message_ref")]
    distinct = [one for one in dict.fromkeys(chain) if one]
    return tuple(distinct[:1] + distinct[1:][-(REFERENCES_KEPT - 1) :])
