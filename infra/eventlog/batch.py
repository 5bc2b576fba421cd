"""What a batch of requests comes to: pure, in queue order, each request seeing those accepted before it (record rule 8).

`plan` is handed what the store knows of everything the batch names, and gives back the rows to insert and an answer for each.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, cast

from hub.app.ports import (
    AlreadyDone,
    Answer,
    Appended,
    Conflict,
    Mark,
    Release,
    Request,
    Take,
    Taken,
)
from hub.domain.ids import Position, StreamId
from infra.codec import Sealed
from infra.codec.envelopes import NONCE


class Draft(NamedTuple):
    """A request with its events sealed: `bodies[i]` belongs to `request.writes[i]`. `size` is in bytes."""

    request: Request
    bodies: tuple[tuple[Sealed, ...], ...]
    size: int


@dataclass(slots=True)
class Standing:
    """What is on record now of the streams, keys and marks that matter. What is missing does not exist."""

    position: int = 0
    versions: dict[StreamId, int] = field(default_factory=dict)
    once: dict[bytes, int] = field(default_factory=dict)
    claims: dict[bytes, StreamId] = field(default_factory=dict)
    marks: dict[str, str] = field(default_factory=dict)


class Row(NamedTuple):
    """One event with its place. `rest` is all of its stored bytes but the stamp."""

    position: int
    stream: StreamId
    version: int
    name: str
    rest: bytes


@dataclass(slots=True)
class Outcome:
    """Everything to write, and what to answer, in the order of the drafts. A claim of None is released."""

    position: int
    rows: list[Row] = field(default_factory=list)
    versions: dict[StreamId, int] = field(default_factory=dict)
    once: dict[bytes, int] = field(default_factory=dict)
    claims: dict[bytes, StreamId | None] = field(default_factory=dict)
    marks: dict[str, str] = field(default_factory=dict)
    answers: list[Answer] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        return not (self.rows or self.once or self.claims or self.marks)


def plan(drafts: Iterable[Draft], standing: Standing) -> Outcome:
    """Judge the drafts in order. `standing` is left as it was."""
    outcome = Outcome(standing.position)
    for draft in drafts:
        outcome.answers.append(_judge(draft, standing, outcome))
    return outcome


def places(draft: Draft) -> list[tuple[StreamId, int]]:
    """Stream and version of each of its events, should it be accepted."""
    return [
        (write.stream, write.expected + nth)
        for write, bodies in zip(draft.request.writes, draft.bodies, strict=True)
        for nth in range(1, len(bodies) + 1)
    ]


def nonces(draft: Draft) -> list[bytes]:
    """What tells its events from all others, in the order of `places`: a retry does not seal anew, so they are the same."""
    return [rest[:NONCE] for bodies in draft.bodies for _, rest in bodies]


def is_so(request: Request, standing: Standing) -> bool:
    """Whether a request without events has nothing left to do: its keys are seen, its marks stand where they should."""
    keys_seen = all(key in standing.once for key in request.once)
    marks_stand = all(standing.marks.get(mark.name) == mark.new for mark in request.marks)
    return bool(request.once or request.marks) and keys_seen and marks_stand


def _judge(draft: Draft, standing: Standing, outcome: Outcome) -> Answer:
    request = draft.request
    if request.once:
        seen = [known for key in request.once if (known := _once(key, standing, outcome)) is not None]
        if seen:
            return AlreadyDone(positions=tuple(map(Position, seen)))
    versions: dict[StreamId, int] = {}
    refused: Answer | None = _check_writes(request, versions, standing, outcome)
    if request.claims or request.marks:
        refused = refused or _check_beside(request, standing, outcome)
    return refused or _accept(draft, versions, outcome)


def _check_beside(request: Request, standing: Standing, outcome: Outcome) -> Answer | None:
    """Claims and marks; the last things checked, so that what they come to may be put down at once."""
    claims: dict[bytes, StreamId | None] = {}
    marks: dict[str, str] = {}
    refused = _check_claims(request.claims, claims, standing, outcome) or _check_marks(
        request.marks, marks, standing, outcome
    )
    if not refused:
        outcome.claims.update(claims)
        outcome.marks.update(marks)
    return refused


def _once(key: bytes, standing: Standing, outcome: Outcome) -> int | None:
    known = outcome.once.get(key)
    return standing.once.get(key) if known is None else known


def _check_writes(
    request: Request, versions: dict[StreamId, int], standing: Standing, outcome: Outcome
) -> Conflict | None:
    """`versions` fills with where each stream will stand."""
    for write in request.writes:
        stream = write.stream
        actual = versions.get(stream) or outcome.versions.get(stream) or standing.versions.get(stream, 0)
        if actual != write.expected:
            return Conflict(stream=stream, actual=actual)
        versions[stream] = actual + len(write.events)
    return None


def _check_claims(
    wanted: Sequence[Take | Release],
    claims: dict[bytes, StreamId | None],
    standing: Standing,
    outcome: Outcome,
) -> Taken | None:
    """`claims` fills with who will hold each key."""
    for wish in wanted:
        key = wish.key
        holder = claims[key] if key in claims else outcome.claims.get(key, standing.claims.get(key))
        if isinstance(wish, Take):
            if holder not in (None, wish.stream):
                return Taken(key=key, holder=holder)
            claims[key] = wish.stream
        elif holder == wish.stream:
            claims[key] = None
    return None


def _check_marks(
    wanted: Sequence[Mark], marks: dict[str, str], standing: Standing, outcome: Outcome
) -> Conflict | None:
    """`marks` fills with their new values."""
    for mark in wanted:
        name = mark.name
        actual = marks.get(name, outcome.marks.get(name, standing.marks.get(name)))
        if actual != mark.expected:
            return Conflict(stream=None)
        marks[name] = mark.new
    return None


def _accept(draft: Draft, versions: dict[StreamId, int], outcome: Outcome) -> Appended:
    first = position = outcome.position + 1
    for write, bodies in zip(draft.request.writes, draft.bodies, strict=True):
        for version, (name, rest) in enumerate(bodies, write.expected + 1):
            outcome.rows.append(Row(position, write.stream, version, name, rest))
            position += 1
    outcome.position = position - 1
    outcome.versions.update(versions)
    if draft.request.once:
        outcome.once.update(dict.fromkeys(draft.request.once, first if position > first else 0))
    return Appended(positions=cast("tuple[Position, ...]", tuple(range(first, position))))
