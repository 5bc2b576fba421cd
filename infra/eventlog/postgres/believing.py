"""What a batch names, and what is believed of it until the database says otherwise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from struct import Struct
from typing import Final, NamedTuple
from uuid import UUID

from hub.app.ports import Take
from hub.domain.ids import StreamId
from infra.eventlog.batch import Draft, Outcome, Standing
from infra.eventlog.postgres.arrays import bigints, byteas, texts, uuids

UNSEEN: Final = -1
BIGINT: Final = Struct(">q").pack
INTEGER: Final = Struct(">i").pack
NOTHING: Final = Outcome(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Belief:
    """All that a batch names, with the value believed of each. The first `trusted` streams are remembered, not guessed."""

    position: int
    trusted: int
    versions: dict[StreamId, int]
    once: dict[bytes, int]
    claims: dict[bytes, StreamId | None]
    marks: dict[str, str | None]

    def standing(self) -> Standing:
        """As the planner takes it: what does not exist is missing."""
        return Standing(
            position=self.position,
            versions=self.versions,
            once={key: position for key, position in self.once.items() if position != UNSEEN},
            claims={key: holder for key, holder in self.claims.items() if holder is not None},
            marks={name: value for name, value in self.marks.items() if value is not None},
        )


class Reply(NamedTuple):
    """What `log.append_1` answers. `position` and `revision` are the head's before the batch.

    What is so is told where the belief is not, and where there was nothing to write.
    """

    is_so: bool
    position: int
    revision: int
    versions: Sequence[int] = ()
    once: Sequence[int] = ()
    claims: Sequence[UUID | None] = ()
    marks: Sequence[str | None] = ()


def guess(drafts: Sequence[Draft], known: Mapping[StreamId, int], position: int) -> Belief:
    """Everybody is believed to be right about what they expect: so it is, nearly always."""
    remembered: dict[StreamId, int] = {}
    versions: dict[StreamId, int] = {}
    once: dict[bytes, int] = {}
    claims: dict[bytes, StreamId | None] = {}
    marks: dict[str, str | None] = {}
    for request, _, _ in drafts:
        for write in request.writes:
            version = known.get(write.stream)
            if version is None:
                versions.setdefault(write.stream, write.expected)
            else:
                remembered[write.stream] = version
        once |= dict.fromkeys(request.once, UNSEEN)
        for claim in request.claims:
            claims.setdefault(claim.key, None if isinstance(claim, Take) else claim.stream)
        for mark in request.marks:
            marks.setdefault(mark.name, mark.expected)
    return Belief(
        position=position,
        trusted=len(remembered),
        versions=remembered | versions,
        once=once,
        claims=claims,
        marks=marks,
    )


def corrected(belief: Belief, reply: Reply) -> Belief:
    """The same names, with what the database says of them."""
    return Belief(
        position=reply.position,
        trusted=0,
        versions=dict(zip(belief.versions, reply.versions, strict=True)),
        once=dict(zip(belief.once, reply.once, strict=True)),
        claims={
            key: None if holder is None else StreamId(holder)
            for key, holder in zip(belief.claims, reply.claims, strict=True)
        },
        marks=dict(zip(belief.marks, reply.marks, strict=True)),
    )


def arguments(belief: Belief, outcome: Outcome, revision: int, moment: int) -> list[bytes]:
    """For `log.append_1`, in its order, in the binary form."""
    rows = outcome.rows
    return [
        BIGINT(revision),
        INTEGER(belief.trusted),
        BIGINT(moment),
        uuids(list(belief.versions)),
        bigints(list(belief.versions.values())),
        byteas(list(belief.once)),
        bigints(list(belief.once.values())),
        byteas(list(belief.claims)),
        uuids(list(belief.claims.values())),
        texts(list(belief.marks)),
        texts(list(belief.marks.values())),
        uuids([row.stream for row in rows]),
        bigints([row.version for row in rows]),
        texts([row.name for row in rows]),
        byteas([row.rest for row in rows]),
        byteas(list(outcome.once)),
        bigints([position and position - belief.position for position in outcome.once.values()]),
        byteas(list(outcome.claims)),
        uuids(list(outcome.claims.values())),
        texts(list(outcome.marks)),
        texts(list(outcome.marks.values())),
    ]
