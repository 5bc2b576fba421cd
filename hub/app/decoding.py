"""Decoders are made by one thread at a time, and known to the others once they are whole.

msgspec keeps what it finds out about a class on the class itself, and while it looks into the fields, others already see it.
A thread that decodes the same class meanwhile reads a field that is not there yet, and the whole process dies of it (0.22).
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import Final, TypeVar

T = TypeVar("T")

MAKING: Final = Lock()


def once_made(known: dict[type, T], kind: type, make: Callable[[type], T]) -> T:
    """What `make` gives for `kind`: made when it is first asked for, kept in `known`."""
    found = known.get(kind)
    if found is not None:
        return found
    with MAKING:
        return known.get(kind) or known.setdefault(kind, make(kind))
