"""Work that fails by a defect: logged, shown to people, and tried again after a growing rest, while all other work goes on."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from hub.app.ports import LogPaused, LogStopped

log = logging.getLogger("amends.work")

FIRST_REST_S: Final = 1.0
LONGEST_REST_S: Final = 60.0
WELL_S: Final = 60.0
"""Work that has run for so long without failing is well again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """`why`: the kind of the last fault; its words might quote a customer. `times`: how often in a row."""

    why: str
    times: int


@dataclass(slots=True, kw_only=True)
class Endurance:
    """`fatal`: what no other try mends, and what must not be worked on with. `troubles`: by the name of the work."""

    fatal: tuple[type[Exception], ...] = (LogStopped,)
    troubles: dict[str, Trouble] = field(default_factory=dict)

    async def once(self, name: str, work: Callable[[], Awaitable[None]], rest: float) -> None:
        """Do the work, then rest: for so long where it ended by itself, for longer each time it failed. Raises what is fatal."""
        try:
            with self._recovering(name):
                await work()
        except Exception as broken:
            if self.is_fatal(broken):
                raise
            rest = self._noted(name, broken)
        await asyncio.sleep(rest)

    def is_fatal(self, broken: BaseException) -> bool:
        if isinstance(broken, BaseExceptionGroup):
            return any(map(self.is_fatal, broken.exceptions))
        return isinstance(broken, self.fatal) and not isinstance(broken, LogPaused)

    def forget(self, name: str) -> None:
        """It runs well, or it is another process's."""
        self.troubles.pop(name, None)

    @contextmanager
    def _recovering(self, name: str) -> Iterator[None]:
        well = asyncio.get_running_loop().call_later(WELL_S, self.forget, name)
        try:
            yield
        finally:
            well.cancel()

    def _noted(self, name: str, broken: Exception) -> float:
        before = self.troubles.get(name)
        times = before.times + 1 if before else 1
        self.troubles[name] = Trouble(why=type(broken).__name__, times=times)
        rest = rest_after(times)
        log.exception("work failed: %s, again in %.0f s", name, rest, extra={"count": times})
        return rest


def rest_after(times: int) -> float:
    """Twice as long after each failure in a row, within reason."""
    return min(LONGEST_REST_S, FIRST_REST_S * 2.0 ** min(times - 1, 16))
