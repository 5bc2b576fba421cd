"""The shapes of the answers, as `types.ts` of the desk names them: for the OpenAPI document and for the tests that hold us to it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from hub.domain.complaint.events import Outcome
from hub.domain.staff.events import Role

ComplaintPhase = Literal["detected", "registered", "investigating", "responded", "closed"]
Status = Literal["open", "waiting", "snoozed", "resolved", "closed"]
DeliveryState = Literal[
    "pending",
    "started",
    "deferred",
    "handed_over",
    "delivered",
    "failed",
    "bounced",
    "uncertain",
    "withdrawn",
]


class Shape(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Problem(Shape):
    code: str
    message: str
    detail: dict[str, Any] | None = None


class Done(Shape):
    position: int
    id: str | None = None
    number: str | None = None
    already: bool | None = None


class Mailbox(Shape):
    address: str
    name: str


class AgentRef(Shape):
    id: str
    name: str


class Me(Shape):
    id: str
    name: str
    email: str
    role: Role
    csrf: str
    language: Literal["en", "zh"]


class ComplaintBadge(Shape):
    id: str
    number: str
    phase: ComplaintPhase


class Row(Shape):
    conversation: str
    customer: str
    customer_name: str
    customer_address: str
    verified: bool
    account: str
    inbox_name: str
    channel: str
    subject: str
    snippet: str
    status: Status
    spam: bool
    assignee: AgentRef | None
    tags: list[str]
    waiting_since: str | None
    last_at: str
    snoozed_until: str | None
    messages: int
    complaint: ComplaintBadge | None
    trouble: Literal["", "failed", "bounced", "uncertain"]
    erased: bool


class ListAnswer(Shape):
    position: int
    rows: list[Row]
    next: str | None


class Counters(Shape):
    mine: int
    unassigned: int
    open: int
    complaints: int
    snoozed: int
    resolved: int
    spam: int
    parked: int


class FileInfo(Shape):
    index: int
    filename: str
    content_type: str
    size: int
    sha256: str
    inline: bool
    url: str


class ActorRef(Shape):
    kind: Literal["customer", "agent", "bot", "system"]
    id: str
    name: str


class Entry(Shape):
    position: int
    at: str
    actor: ActorRef


class MessageEntry(Entry):
    kind: Literal["message"]
    id: str
    from_: Mailbox = Field(alias="from")
    to: list[Mailbox]
    cc: list[Mailbox]
    reply_to: Mailbox | None
    subject: str
    new_text: str
    text: str
    quoted: bool
    has_html: bool
    occurred_at: str | None
    received_at: str
    verified: bool
    automatic: str
    language: str
    threaded_by: str
    threading_why: str
    same_id_other_bytes: bool
    defects: list[str]
    files: list[FileInfo]
    erased: bool
    seen_again: int


class DeliveryInfo(Shape):
    state: DeliveryState
    attempt: int
    why: str
    next_at: str | None


class ReplyEntry(Entry):
    kind: Literal["reply"]
    id: str
    reply_kind: Literal["reply", "forward", "new", "acknowledgement", "receipt"]
    automatic: bool
    to: list[Mailbox]
    cc: list[Mailbox]
    subject: str
    text: str
    files: list[FileInfo]
    send_after: str
    delivery: DeliveryInfo
    erased: bool


class NoteEntry(Entry):
    kind: Literal["note"]
    id: str
    text: str
    erased: bool


class SystemEntry(Entry):
    kind: Literal["system"]
    what: str
    detail: dict[str, str]


AnyEntry = Annotated[MessageEntry | ReplyEntry | NoteEntry | SystemEntry, Field(discriminator="kind")]


class Recipients(Shape):
    to: list[Mailbox]
    cc: list[Mailbox]
    warnings: list[str]


class BothRecipients(Shape):
    reply: Recipients
    reply_all: Recipients


class ComplaintInfo(Shape):
    id: str
    number: str
    phase: ComplaintPhase
    conversation: str
    customer: str
    subject: str
    received_at: str
    registered_at: str | None
    score: float | None
    reasons: list[str]
    acknowledged_at: str | None
    apologised_at: str | None
    told_at: str | None
    withheld: str
    outcome: Outcome | None
    outcome_reasons: str
    close_reason: str | None
    moves: list[str]


class Complaints(Shape):
    rows: list[ComplaintInfo]
    next: str | None


class ThreadAnswer(Shape):
    position: int
    row: Row
    entries: list[AnyEntry]
    earlier: str | None
    seen: str | None
    recipients: BothRecipients
    complaint: ComplaintInfo | None
