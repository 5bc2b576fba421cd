"""What waits in a policy's stream: the causes that it could not digest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from hub.domain.ids import Position
from hub.domain.reaction.events import ReactionEvent, ReactionParked, ReactionRecovered
from hub.domain.vocabulary import Opaque


@dataclass(frozen=True, slots=True, kw_only=True)
class Parked:
    """`waiting`: cause → the fact that parked it."""

    waiting: Mapping[Position, ReactionParked] = field(default_factory=dict)


def evolve(state: Parked, event: ReactionEvent | Opaque) -> Parked:
    """What waits after `event`."""
    match event:
        case ReactionParked(cause=cause):
            return replace(state, waiting={**state.waiting, cause: event})
        case ReactionRecovered(cause=recovered):
            left = {cause: parked for cause, parked in state.waiting.items() if cause != recovered}
            return replace(state, waiting=left)
        case _:
            return state
