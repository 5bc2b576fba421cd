"""The shapes of the requests. A field that is not named here is refused, so nothing is set by accident."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from hub.domain.complaint.events import CloseReason, Outcome
from hub.domain.letters import Address
from hub.domain.staff.events import Role

Line = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=500, pattern=r"^[^\x00-\x1f\x7f]*$")
]
"""One line without control characters: safe in a header."""

Filled = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=500, pattern=r"^[^\x00-\x1f\x7f]*$"),
]
Text = Annotated[str, StringConstraints(max_length=200_000, pattern=r"^[^\x00]*$")]
Password = Annotated[str, StringConstraints(max_length=1000)]
Mail = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True,
        max_length=320,
        pattern=r"^[^\s@<>,;:\x00-\x1f\x7f]+@[^\s@<>,;:\x00-\x1f\x7f]+$",
    ),
]


LAST_YEAR = 2199
"""Of a moment that somebody chooses."""


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class SignIn(Body):
    login: Line
    password: Password


class NewPassword(Body):
    old: Password
    new: Password


class Nothing(Body):
    pass


class PersonBody(Body):
    address: Mail
    name: Line = ""


class LooseBody(Body):
    """A recipient as far as it is typed."""

    address: Line
    name: Line = ""


class Reply(Body):
    mode: Literal["reply", "reply_all", "forward"]
    to: list[PersonBody] = Field(max_length=50)
    cc: list[PersonBody] = Field(default=[], max_length=50)
    subject: Line = ""
    text: Text
    files: list[str] = Field(default=[], max_length=20)
    answers: UUID | None = None
    seen: UUID | None = None
    resolve: bool = False
    tells_outcome: bool = False


class NewConversation(Body):
    account: UUID
    to: list[PersonBody] = Field(max_length=50)
    cc: list[PersonBody] = Field(default=[], max_length=50)
    subject: Line = ""
    text: Text
    files: list[str] = Field(default=[], max_length=20)
    customer: UUID | None = None


def in_sight(until: datetime) -> datetime:
    """Nobody sleeps longer than a working life; and what lies beyond the calendar in UTC could not be shown."""
    if until.year > LAST_YEAR:
        raise ValueError(f"choose a moment before the year {LAST_YEAR + 1}")
    return until


class Note(Body):
    text: Text


class Assign(Body):
    assignee: UUID | None


class Snooze(Body):
    until: Annotated[AwareDatetime, AfterValidator(in_sight)]


class MarkComplaint(Body):
    message: UUID | None = None


class Move(Body):
    """What the moves of a complaint need; each takes its own."""

    outcome: Outcome | None = None
    reasons: Text = ""
    how: Line = ""
    reason: CloseReason | None = None
    why: Line = ""


class Draft(Body):
    mode: Literal["reply", "reply_all", "forward", "note", "new"]
    to: list[LooseBody] = Field(default=[], max_length=50)
    cc: list[LooseBody] = Field(default=[], max_length=50)
    subject: Line = ""
    text: Text = ""
    files: list[str] = Field(default=[], max_length=20)
    answers: UUID | None = None
    seen: UUID | None = None


class Name(Body):
    name: Filled


class Verify(Body):
    channel: Literal["email", "webform", "chat", "sms", "telegram"]
    address: Filled


class Link(Body):
    other: UUID
    survivor: UUID
    why: Line = ""


class SavedReply(Body):
    name: Filled
    language: Literal["en", "zh"]
    text: Text


class NewAgent(Body):
    name: Filled
    email: Mail
    role: Role
    password: Password


class NewRole(Body):
    role: Role


def addresses(people: list[PersonBody]) -> tuple[Address, ...]:
    return tuple(Address(address=person.address, name=person.name) for person in people)


def moment(text: str) -> datetime | None:
    """An ISO 8601 time, aware; None when it is not one."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo else None
