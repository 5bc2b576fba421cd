"""Old versions of events, lifted to today's when they are read. Stored bytes are never rewritten."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

Upcast = Callable[[dict[str, Any]], tuple[str, dict[str, Any]]]
"""The fields of an old version (personal ones are missing once erased) → the next version's name and fields."""

UPCAST: Final[dict[str, Upcast]] = {}
"""By the old name. To retire `thing.happened.v1`: make the class `.v2`, add the step here, keep v1's golden bytes."""

RETIRED_KEY_FIELD: Final[dict[str, str]] = {}
"""For old names that were sealed by a blob's key: the field that holds the blob."""


def lifted(name: str, fields: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """The newest name and fields of an event."""
    while name in UPCAST:
        name, fields = UPCAST[name](fields)
    return name, fields
