"""What may happen to a complaint: one table, phase × command. What is not in the table is refused in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from hub.domain.complaint.commands import (
    Acknowledge,
    Apologise,
    Close,
    ComplaintCommand,
    DetectComplaint,
    Investigate,
    RegisterComplaint,
    ReopenComplaint,
    Respond,
    Tell,
    UnmarkComplaint,
    WithholdAcknowledgement,
)
from hub.domain.complaint.moves import (
    Case,
    Events,
    acknowledge,
    already,
    apologise,
    before_telling,
    close,
    detect,
    free,
    investigate,
    outcome_told,
    register,
    reopen,
    respond,
    tell,
    unmark,
    with_reasons,
    withhold,
)
from hub.domain.complaint.state import Complaint, Phase
from hub.domain.customer.state import CustomerState
from hub.domain.errors import IllegalMove, NoSuchComplaint, NotWhileDetected, Refusal
from hub.domain.staff.events import Role

Before = Phase | Literal["none"]
"""A complaint's phase, or that there is none yet."""


@dataclass(frozen=True, slots=True)
class Step:
    """One cell: which roles may order it (none: only the hub itself), what must hold, and what then happens.

    Guard and move take the command that the cell is for; the table's test holds them to it.
    """

    may: frozenset[Role]
    guard: Callable[[Any, Case], None]
    move: Callable[[Any, Case], Events]


HUB: Final[frozenset[Role]] = frozenset()
REPS: Final[frozenset[Role]] = frozenset({"rep", "lead", "admin"})

TABLE: Final[Mapping[tuple[Before, type], Step]] = {
    ("none", DetectComplaint): Step(HUB, free, detect),
    ("none", RegisterComplaint): Step(REPS, free, register),
    #
    ("detected", DetectComplaint): Step(HUB, free, already),
    ("detected", RegisterComplaint): Step(REPS, free, register),
    ("detected", UnmarkComplaint): Step(REPS, free, unmark),
    #
    ("registered", DetectComplaint): Step(HUB, free, already),
    ("registered", RegisterComplaint): Step(REPS, free, already),
    ("registered", Acknowledge): Step(HUB, free, acknowledge),
    ("registered", WithholdAcknowledgement): Step(HUB, free, withhold),
    ("registered", Apologise): Step(REPS, free, apologise),
    ("registered", Investigate): Step(REPS, free, investigate),
    ("registered", Respond): Step(REPS, with_reasons, respond),
    ("registered", Close): Step(REPS, outcome_told, close),
    ("registered", UnmarkComplaint): Step(REPS, free, unmark),
    ("registered", ReopenComplaint): Step(REPS, free, already),
    #
    ("investigating", DetectComplaint): Step(HUB, free, already),
    ("investigating", RegisterComplaint): Step(REPS, free, already),
    ("investigating", Acknowledge): Step(HUB, free, acknowledge),
    ("investigating", WithholdAcknowledgement): Step(HUB, free, withhold),
    ("investigating", Apologise): Step(REPS, free, apologise),
    ("investigating", Investigate): Step(REPS, free, already),
    ("investigating", Respond): Step(REPS, with_reasons, respond),
    ("investigating", Close): Step(REPS, outcome_told, close),
    ("investigating", UnmarkComplaint): Step(REPS, free, unmark),
    ("investigating", ReopenComplaint): Step(REPS, free, already),
    #
    ("responded", DetectComplaint): Step(HUB, free, already),
    ("responded", RegisterComplaint): Step(REPS, free, already),
    ("responded", Acknowledge): Step(HUB, free, acknowledge),
    ("responded", WithholdAcknowledgement): Step(HUB, free, withhold),
    ("responded", Apologise): Step(REPS, free, apologise),
    ("responded", Respond): Step(REPS, before_telling, respond),
    ("responded", Tell): Step(REPS, free, tell),
    ("responded", Close): Step(REPS, outcome_told, close),
    ("responded", UnmarkComplaint): Step(REPS, free, unmark),
    ("responded", ReopenComplaint): Step(REPS, free, already),
    #
    ("closed", DetectComplaint): Step(HUB, free, already),
    ("closed", RegisterComplaint): Step(REPS, free, already),
    ("closed", Close): Step(REPS, free, already),
    ("closed", UnmarkComplaint): Step(REPS, free, already),
    ("closed", ReopenComplaint): Step(REPS, free, reopen),
}


def decide(command: ComplaintCommand, state: CustomerState, now: datetime) -> Events:
    """The events that `command` leads to: its cell's guard, then its move."""
    complaint = state.complaints.get(command.complaint)
    step = TABLE.get((complaint.phase if complaint else "none", type(command)))
    if step is None:
        raise _refusal(complaint)
    case = Case(complaint=complaint, state=state, now=now)
    step.guard(command, case)
    return step.move(command, case)


def _refusal(complaint: Complaint | None) -> Refusal:
    if complaint is None:
        return NoSuchComplaint()
    return NotWhileDetected() if complaint.phase == "detected" else IllegalMove()
