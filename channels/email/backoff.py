"""When to try again: the waits between attempts on a mail server, growing, jittered and bounded. Pure."""

from __future__ import annotations

from datetime import timedelta
from random import Random

MINUTE = timedelta(minutes=1)

SCHEDULE: tuple[timedelta, ...] = (
    1 * MINUTE,
    3 * MINUTE,
    10 * MINUTE,
    30 * MINUTE,
    60 * MINUTE,
    120 * MINUTE,
    240 * MINUTE,
)
"""Waits after the first attempts; the last one is repeated. RFC 5321 §4.5.4.1 asks for 30 minutes on the whole."""

GIVE_UP_AFTER = timedelta(days=5)
"""RFC 5321 §4.5.4.1: at least 4 to 5 days."""

JITTER = 0.2


def next_try(attempt: int, chance: Random) -> timedelta | None:
    """The wait after failed attempt number `attempt` (1, 2, …), within ±20 %; None when five days are used up."""
    wait = _wait(attempt)
    if attempt < 1 or _waited(attempt) > GIVE_UP_AFTER:
        return None
    return wait * chance.uniform(1 - JITTER, 1 + JITTER)


def reconnect_after(failures: int, chance: Random) -> float:
    """Seconds before connecting to a mailbox again after `failures` failures in a row (1, 2, …): 1, 2, 4 … 60, jittered."""
    return min(60.0, 2.0 ** min(failures - 1, 6)) * chance.uniform(0.5, 1.0)


def _wait(attempt: int) -> timedelta:
    return SCHEDULE[min(max(attempt, 1), len(SCHEDULE)) - 1]


def _waited(attempt: int) -> timedelta:
    """The nominal time from the first attempt until the try after `attempt`."""
    steps = SCHEDULE[:attempt]
    return sum(steps, timedelta()) + max(0, attempt - len(SCHEDULE)) * SCHEDULE[-1]
