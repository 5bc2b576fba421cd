"""What may happen in a policy's stream: each cause waits there once, until it went through."""

from __future__ import annotations

from hub.domain.reaction.events import ReactionParked, ReactionRecovered
from hub.domain.reaction.state import Parked


def park(parked: ReactionParked, state: Parked) -> list[ReactionParked]:
    """[] when it waits already: that it failed once more is no news."""
    return [] if parked.cause in state.waiting else [parked]


def recover(recovered: ReactionRecovered, state: Parked) -> list[ReactionRecovered]:
    return [recovered] if recovered.cause in state.waiting else []
