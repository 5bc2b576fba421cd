"""One of several hub processes on a record in PostgreSQL, which a test may stop, continue and kill at any moment.

    python -m tests.faults.crowd_child SETTINGS LEASE_SECONDS [SABOTAGE…]

Sabotage breaks one guard, so that a test can be seen to fail: `alone` works without leases, as if no other process did;
`unreserved` touches the wire without having put the attempt on record first.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

from hub.app import leasing
from hub.app.delivery import Postman
from hub.app.leasing import Alone
from hub.assembly import house
from hub.domain.conversation.commands import StartDelivery
from tests.faults.hub_child import work


def alone() -> None:
    house.turns_of = lambda *_: Alone()  # type: ignore[attr-defined]


def unreserved() -> None:
    honest = Postman._command

    async def _command(self: Postman, posted: Any, command: Any) -> int:
        found = await honest(self, posted, command)
        return found or int(isinstance(command, StartDelivery))

    Postman._command = _command  # type: ignore[method-assign]


SABOTAGE = {"alone": alone, "unreserved": unreserved}

if __name__ == "__main__":
    leasing.LEASE_S = float(sys.argv[2])  # type: ignore[misc]
    for name in sys.argv[3:]:
        SABOTAGE[name]()
    asyncio.run(work(Path(sys.argv[1])))
