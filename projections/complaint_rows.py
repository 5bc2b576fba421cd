"""What each fact leaves of a complaint: number, phase, the facts beside it with their dates, and where it was raised."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from sqlalchemy import (
    Boolean,
    Column,
    Executable,
    Float,
    MetaData,
    String,
    Table,
    update,
)

from hub.app.ports import Recorded
from hub.domain.complaint import events as c
from projections.page import Fill, Page, Value
from projections.projection import Projection, Subscriptions, instant, json_of, known, text_of

metadata = MetaData()

complaints = Table(
    "complaints",
    metadata,
    Column("complaint", String, primary_key=True),
    Column("conversation", String, index=True),
    Column("customer", String, index=True),
    Column("message", String),
    Column("number", String, index=True),
    Column("phase", String, nullable=False, server_default="detected", index=True),
    Column("score", Float),
    Column("reasons", String),
    Column("rules", String),
    Column("detected_at", String),
    Column("received_at", String),
    Column("registered_at", String),
    Column("acknowledged_at", String),
    Column("withheld", String),
    Column("apologised_at", String),
    Column("investigated_at", String),
    Column("responded_at", String),
    Column("outcome", String),
    Column("outcome_reasons", String),
    Column("told_at", String),
    Column("told_how", String),
    Column("closed_at", String),
    Column("close_reason", String),
    Column("reopened_at", String),
    Column("erased", Boolean, nullable=False, server_default="0"),
)

DONE_BY_LETTER: Final = {
    "acknowledged": ("acknowledged_at",),
    "apologised": ("apologised_at",),
    "told": ("told_at", "told_how"),
}

project = Subscriptions()


@project.on(c.ComplaintDetected)
def _(event: c.ComplaintDetected, recorded: Recorded, page: Page) -> None:
    values: dict[str, Value] = {
        "conversation": text_of(event.conversation),
        "customer": text_of(recorded.stream),
        "message": text_of(event.message),
        "phase": "detected",
        "score": event.score,
        "reasons": json_of(event.reasons),
        "rules": event.rules,
        "detected_at": instant(recorded.recorded_at),
    }
    page.upsert(complaints, text_of(event.complaint), values)


@project.on(c.ComplaintRegistered)
def _(event: c.ComplaintRegistered, recorded: Recorded, page: Page) -> None:
    values: dict[str, Value] = {
        "conversation": text_of(event.conversation),
        "customer": text_of(recorded.stream),
        "message": text_of(event.message),
        "phase": "registered",
        "number": event.number,
        "received_at": instant(event.received_at),
        "registered_at": instant(recorded.recorded_at),
    }
    page.upsert(complaints, text_of(event.complaint), values)


@project.on(c.ComplaintAcknowledged)
def _(event: c.ComplaintAcknowledged, recorded: Recorded, page: Page) -> None:
    page.update(
        complaints, text_of(event.complaint), {"acknowledged_at": Fill(instant(recorded.recorded_at))}
    )


@project.on(c.AcknowledgementWithheld)
def _(event: c.AcknowledgementWithheld, recorded: Recorded, page: Page) -> None:
    page.update(complaints, text_of(event.complaint), {"withheld": event.why})


@project.on(c.ComplaintApologised)
def _(event: c.ComplaintApologised, recorded: Recorded, page: Page) -> None:
    page.update(complaints, text_of(event.complaint), {"apologised_at": Fill(instant(recorded.recorded_at))})


@project.on(c.ComplaintInvestigated)
def _(event: c.ComplaintInvestigated, recorded: Recorded, page: Page) -> None:
    at = instant(recorded.recorded_at)
    page.update(complaints, text_of(event.complaint), {"phase": "investigating", "investigated_at": at})


@project.on(c.ComplaintResponded)
def _(event: c.ComplaintResponded, recorded: Recorded, page: Page) -> None:
    values: dict[str, Value] = {
        "phase": "responded",
        "outcome": event.outcome,
        "outcome_reasons": known(event.reasons),
        "responded_at": instant(recorded.recorded_at),
    }
    page.update(complaints, text_of(event.complaint), values)


@project.on(c.ComplaintTold)
def _(event: c.ComplaintTold, recorded: Recorded, page: Page) -> None:
    at = instant(recorded.recorded_at)
    page.update(complaints, text_of(event.complaint), {"told_at": at, "told_how": known(event.how)})


@project.on(c.ComplaintLetterWithdrawn)
def _(event: c.ComplaintLetterWithdrawn, recorded: Recorded, page: Page) -> None:
    """What a letter did that never left is not so."""
    page.update(complaints, text_of(event.complaint), dict.fromkeys(undone_by(event)))


@project.on(c.ComplaintLetterFailed)
def _(event: c.ComplaintLetterFailed, recorded: Recorded, page: Page) -> None:
    """What a letter did that did not arrive is not so; what it was to tell is decided still."""
    still: dict[str, Value] = {"phase": "responded", "outcome": event.outcome} if event.outcome else {}
    page.update(complaints, text_of(event.complaint), dict.fromkeys(undone_by(event)) | still)


def undone_by(event: c.ComplaintLetterWithdrawn | c.ComplaintLetterFailed) -> Iterator[str]:
    """The columns of what the letter had done."""
    return (
        column for did, columns in DONE_BY_LETTER.items() if getattr(event, did, False) for column in columns
    )


@project.on(c.ComplaintClosed)
def _(event: c.ComplaintClosed, recorded: Recorded, page: Page) -> None:
    at = instant(recorded.recorded_at)
    values: dict[str, Value] = {"phase": "closed", "closed_at": at, "close_reason": event.reason}
    page.update(complaints, text_of(event.complaint), values)


@project.on(c.ComplaintReopened)
def _(event: c.ComplaintReopened, recorded: Recorded, page: Page) -> None:
    """Back to investigating; what was told before is history, the outcome is open again.

    The reasons stay beneath, unseen, in case the outcome stands after all: only its letter did not arrive.
    """
    undone = ("outcome", "told_at", "told_how", "apologised_at", "closed_at", "close_reason")
    values: dict[str, Value] = dict.fromkeys(undone)
    again: dict[str, Value] = {"phase": "investigating", "reopened_at": instant(recorded.recorded_at)}
    page.update(complaints, text_of(event.complaint), values | again)


def forget(customer: str) -> Iterator[Executable]:
    """A complaint stays in the figures: its number, phase, outcome and dates are not personal."""
    mine = complaints.c.customer == customer
    yield update(complaints).where(mine).values(outcome_reasons=None, told_how=None, erased=True)


projection = Projection(name="complaints", version=4, tables=(complaints,), project=project, forget=forget)
