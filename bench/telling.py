"""How a measurement is told: medians with the spread of their rounds, as lines or as JSON."""

from __future__ import annotations

import json
import statistics
from collections.abc import Mapping, Sequence
from typing import Any


def tell(figures: Mapping[str, Any], *, as_json: bool) -> None:
    print(
        json.dumps(figures) if as_json else "\n".join(f"{name:24}{value}" for name, value in figures.items())
    )


def told(name: str, rates: Sequence[float]) -> dict[str, Any]:
    """The median of the rounds a second, and the slowest and the fastest round."""
    return {
        f"{name}_per_s": round(statistics.median(rates)),
        f"{name}_spread": [round(min(rates)), round(max(rates))],
    }


def ratio(of: Sequence[float], to: Sequence[float]) -> float:
    """The median of the ratios of each round: what else the machine did then touched both."""
    return round(statistics.median(one / other for one, other in zip(of, to, strict=True)), 3)
