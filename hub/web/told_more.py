"""More shapes of answers: history, search, parked letters, settings."""

from __future__ import annotations

from typing import Any, Literal

from hub.domain.staff.events import Role
from hub.web.told import ActorRef, Row, Shape


class Fact(Shape):
    position: int
    version: int
    name: str
    recorded_at: str
    stream: str
    actor: ActorRef
    command: str
    cause: int | None
    open: dict[str, Any]
    sealed: dict[str, Any] | Literal["erased"] | None
    raw: str | None


class AsOf(Shape):
    position: int
    at: str | None


class Edge(Shape):
    position: int
    at: str


class HistoryAnswer(Shape):
    customer: str
    as_of: AsOf
    first: Edge | None
    last: Edge | None
    state: dict[str, Any]
    facts: list[Fact]
    next: int | None


class SearchHit(Shape):
    row: Row
    message: str | None
    excerpt: str
    marks: list[tuple[int, int]]


class SearchAnswer(Shape):
    hits: list[SearchHit]


class ParkedLetter(Shape):
    raw: str
    account: str
    inbox_name: str
    at: str
    size: int
    why: str
    excerpt: str
    position: int
    state: Literal["parked", "read again"]


class AccountHealth(Shape):
    account: str
    name: str
    address: str
    kind: str
    connected: bool
    since: str | None
    why: str
    last_contact: str | None
    last_letter: str | None
    state: str
    quiet_alert: bool
    quiet_hours: float | None
    parked: int


class ParkedCause(Shape):
    """A fact that a policy of the bot could not digest. `position`: where it stands; `stream`: the customer's, mostly."""

    policy: str
    position: int
    stream: str
    at: str
    why: str


class ParkedAnswer(Shape):
    letters: list[ParkedLetter]
    causes: list[ParkedCause]
    causes_in_all: int
    accounts: list[AccountHealth]


class InboxInfo(Shape):
    account: str
    name: str
    address: str
    kind: str
    signature: str
    undo_seconds: float


class Inboxes(Shape):
    inboxes: list[InboxInfo]


class SavedReplyInfo(Shape):
    name: str
    language: str
    text: str


class SavedReplies(Shape):
    replies: list[SavedReplyInfo]


class AgentInfo(Shape):
    id: str
    name: str
    email: str
    role: Role
    active: bool


class Agents(Shape):
    agents: list[AgentInfo]


class UploadInfo(Shape):
    id: str
    filename: str
    content_type: str
    size: int
    sha256: str


class SafeHtml(Shape):
    html: str
    remote_images: int


class Health(Shape):
    ok: bool
    position: int
    lag: int
