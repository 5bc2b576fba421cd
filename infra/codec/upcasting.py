"""Old versions of events, lifted to today's when they are read. Stored bytes are never rewritten."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

Upcast = Callable[[dict[str, Any]], tuple[str, dict[str, Any]]]
"""The fields of an old version (personal ones are missing once erased) → the next version's name and fields."""


def renamed(name: str) -> Upcast:
    """The same fields under the next name: words that stood in the open part are personal from then on."""
    return lambda fields: (name, fields)


UPCAST: Final[dict[str, Upcast]] = {
    "complaint.told.v1": renamed("complaint.told.v2"),
    "complaint.reopened.v1": renamed("complaint.reopened.v2"),
    "customers.linked.v1": renamed("customers.linked.v2"),
    "customers.unlinked.v1": renamed("customers.unlinked.v2"),
}
"""By the old name. To retire `thing.happened.v1`: make the class `.v2`, add the step here, keep v1's golden bytes."""

RETIRED_KEY_FIELD: Final[dict[str, str]] = {}
"""For old names that were sealed by a blob's key: the field that holds the blob."""


def lifted(name: str, fields: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """The newest name and fields of an event."""
    while name in UPCAST:
        name, fields = UPCAST[name](fields)
    return name, fields
