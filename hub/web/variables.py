"""Saved replies with variables: `{customer.name}`, `{agent.name}`, `{complaint.number}`. What is not known stays as written."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

VARIABLES: Final = ("customer.name", "agent.name", "complaint.number")
_VARIABLE: Final = re.compile(r"\{([a-z]+\.[a-z]+)\}")


def rendered(text: str, known: Mapping[str, str]) -> str:
    """The text with each known variable filled in, once: what is filled in is never looked at again."""
    return _VARIABLE.sub(lambda found: known.get(found[1]) or found[0], text)
