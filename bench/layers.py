"""What an append is made of: µs for each fact, layer by layer, of one run of the hub's own path."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from infra.eventlog import committer
from infra.eventlog.sqlite import SQLiteStore

Layers = dict[str, float]
"""Seconds by layer."""

WRITER: Final[tuple[tuple[Any, str, str], ...]] = (
    (committer.Committer, "_sealed", "seal"),
    (SQLiteStore, "begin", "begin and head check"),
    (SQLiteStore, "load", "look up versions and once-keys"),
    (committer, "plan", "judge"),
    (SQLiteStore, "write", "insert"),
    (SQLiteStore, "commit", "commit and sync"),
    (committer.Committer, "_finish", "answer (event loop)"),
)
"""Where each layer is: what holds the function, its name there, and the layer's."""


@contextmanager
def timed() -> Iterator[Layers]:
    """Fills while the block runs. A layer's time holds what it waited for the interpreter lock."""
    layers: Layers = defaultdict(float)
    originals = [(place, name, getattr(place, name)) for place, name, _ in WRITER]
    for (place, name, layer), (_, _, original) in zip(WRITER, originals, strict=True):
        setattr(place, name, _timing(original, layer, layers))
    try:
        yield layers
    finally:
        for place, name, original in originals:
            setattr(place, name, original)


def _timing(original: Callable[..., Any], layer: str, layers: Layers) -> Callable[..., Any]:
    def timing(*given: Any, **named: Any) -> Any:
        began = time.perf_counter()
        try:
            return original(*given, **named)
        finally:
            layers[layer] += time.perf_counter() - began

    return timing
