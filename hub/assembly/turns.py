"""Who does what: one process everything, or whoever holds the lease."""

from __future__ import annotations

import os
import platform
from secrets import token_hex
from typing import Final

from hub.app import leasing
from hub.app.leasing import Alone, Leasing, Turns
from hub.app.ports import EventLog, Leases
from infra.settings import Settings

HOLDER: Final = f"{platform.node()}:{os.getpid()}:{token_hex(4)}"
"""This process, in the eyes of the others."""


def turns_of(settings: Settings, leases: Leases, log: EventLog) -> Turns:
    """A data folder has one process; a database may have many."""
    return (
        Leasing(leases=leases, log=log, holder=HOLDER, seconds=leasing.LEASE_S)
        if settings.database_url
        else Alone()
    )
