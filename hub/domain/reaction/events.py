"""Facts of a policy's own stream: what it could not digest, and that it did after all. These names are on disk: add, never rename."""

from __future__ import annotations

from hub.domain.ids import Position, StreamId
from hub.domain.vocabulary import event


@event("reaction.parked.v1")
class ReactionParked:
    """`policy` failed again and again on the fact at `cause` in `stream`; the facts behind it go on.

    `why` names the fault and holds nothing personal.
    """

    policy: str
    cause: Position
    stream: StreamId
    why: str


@event("reaction.recovered.v1")
class ReactionRecovered:
    """Shown again after a fix, the fact at `cause` went through."""

    policy: str
    cause: Position


ReactionEvent = ReactionParked | ReactionRecovered
