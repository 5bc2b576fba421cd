"""How far a long piece of work has come, how fast it goes, and how long it will still take."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True, kw_only=True)
class Progress:
    """From position `first` to `goal`; now at `position`. `clock` gives seconds that only ever grow."""

    names: tuple[str, ...]
    first: int
    goal: int
    position: int
    clock: Callable[[], float] = time.monotonic
    began: float = field(init=False)

    def __post_init__(self) -> None:
        self.began = self.clock()

    @property
    def per_second(self) -> float:
        """Positions passed in a second, on the average since the beginning; 0.0 before the first."""
        taken = self.clock() - self.began
        return (self.position - self.first) / taken if taken > 0 else 0.0

    @property
    def seconds_left(self) -> float | None:
        """At this rate; None while nobody can tell."""
        rate = self.per_second
        return max(0, self.goal - self.position) / rate if rate > 0 else None

    def told(self) -> dict[str, Any]:
        """For `status --json`."""
        left = self.seconds_left
        return {
            "names": self.names,
            "position": self.position,
            "goal": self.goal,
            "per_second": round(self.per_second),
            "seconds_left": None if left is None else round(left),
        }
