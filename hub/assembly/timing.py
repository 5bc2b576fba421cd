"""The clocks of the house: what was put off comes back when it is due."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import Final

from hub.app.timers import Put, Timers
from hub.assembly.house import House, now
from projections.put_off import put_off

LOOK_EVERY_S: Final = 5.0


def timers(house: House) -> Timers:
    """Looked at every few seconds, and whenever something was put off."""

    async def due(moment: datetime) -> Sequence[Put]:
        return await house.ask(lambda connection: put_off(connection, moment))

    async def rest() -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(LOOK_EVERY_S):
                with house.runner.listening() as ear:
                    while "conversation.snoozed.v1" not in (await ear.hear()).kinds:
                        pass

    return Timers(due=due, rest=rest, transactor=house.transactor, secrets=house.walk.secrets, clock=now)
