"""Care of the record: rebuild, erase, backup, restore, keys, doctor."""

from __future__ import annotations

from typing import Any


def register(commands: Any) -> None:
    """Registered as they are built."""
