"""Which message becomes a complaint, under which number: taken from the year's counter before deciding; gaps are allowed."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from hub.app.ports import AlreadyDone, Thread
from hub.app.transact import Done
from hub.domain.complaint.commands import RegisterComplaint, ReopenComplaint
from hub.domain.errors import NoSuchMessage
from hub.domain.ids import ComplaintId, MessageId
from hub.web.desk_ports import Desk
from hub.web.guard import Call
from hub.web.performing import made
from projections import complaints, timeline


async def registering(
    call: Call, thread: Thread, message: MessageId | None
) -> RegisterComplaint | ReopenComplaint:
    """The order that registers the suggested complaint of the conversation, or a new one about `message` or its last letter.

    One that was unmarked is taken up again under its number: the customer was told that number, and is told no other.
    """
    conversation = str(thread.conversation)
    await call.desk.views.reached(await call.desk.log.head())
    known = await call.desk.ask(lambda db: complaints.of_conversation(db, conversation))
    if known and _unmarked(known) and str(message or known["message"]) == known["message"]:
        return ReopenComplaint(complaint=ComplaintId(UUID(known["complaint"])), why="marked again")
    suggested = known if known and known["phase"] != "closed" else None
    wanted = str(message) if message else suggested["message"] if suggested else None
    letter = await call.desk.ask(lambda db: _letter(db, conversation, wanted))
    complaint = suggested["complaint"] if suggested else str(made(call, "complaint"))
    return RegisterComplaint(
        complaint=ComplaintId(UUID(complaint)),
        conversation=thread.conversation,
        message=MessageId(UUID(letter["message"])),
        number=suggested["number"] if suggested and suggested["number"] else await _next_number(call),
        received_at=datetime.fromisoformat(letter["received_at"]),
    )


async def number_of(desk: Desk, settled: Done[Any], command: RegisterComplaint | ReopenComplaint) -> str:
    """The number on record: an earlier one when this was already so, or taken up again."""
    new = settled.answer is not None and not isinstance(settled.answer, AlreadyDone)
    if new and isinstance(command, RegisterComplaint):
        return command.number
    await desk.views.reached(settled.position)
    row = await desk.ask(lambda db: _on_record(db, command))
    return str(row["number"]) if row else ""


def _on_record(db: Any, command: RegisterComplaint | ReopenComplaint) -> dict[str, Any] | None:
    if isinstance(command, ReopenComplaint):
        return complaints.complaint(db, str(command.complaint))
    return complaints.of_conversation(db, str(command.conversation))


def _unmarked(known: dict[str, Any]) -> bool:
    """Whether it was registered, and then closed as registered in error."""
    return known["close_reason"] == "registered in error" and bool(known["number"])


def _letter(db: Any, conversation: str, wanted: str | None) -> dict[str, Any]:
    """The customer's letter meant; the newest one when none is named. Raises `NoSuchMessage`."""
    if wanted is None:
        entries = timeline.thread(db, conversation)["entries"]
        wanted = next((one["id"] for one in reversed(entries) if one["kind"] == "message"), "")
    row = timeline.message(db, wanted)
    if row is None or row["conversation"] != conversation or row["kind"] != "message":
        raise NoSuchMessage
    return row


async def _next_number(call: Call) -> str:
    year = call.now.year
    return f"C-{year}-{await call.desk.counters.next(f'complaints {year}'):05d}"
