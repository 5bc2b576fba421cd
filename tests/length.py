"""How long a test may be: short everywhere, long where AMENDS_TEST_LONG is set."""

from __future__ import annotations

import os

IS_LONG = bool(os.environ.get("AMENDS_TEST_LONG"))


def short_or_long(short: int, long: int) -> int:
    return long if IS_LONG else short
