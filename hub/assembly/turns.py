"""Who does what: one process everything, or whoever holds the lease."""

from __future__ import annotations

import os
import platform
from secrets import token_hex
from typing import Final

from hub.app import leasing
from hub.app.enduring import Endurance
from hub.app.leasing import Alone, Leasing, Turns
from hub.app.ports import EventLog, Leases, LogStopped
from infra.db import UnsafeStore
from infra.keys.master import MasterKeyProblem
from infra.owned import FileStopped
from infra.settings import Settings

HOLDER: Final = f"{platform.node()}:{os.getpid()}:{token_hex(4)}"
"""This process, in the eyes of the others."""

FATAL: Final = (LogStopped, FileStopped, UnsafeStore, MasterKeyProblem)
"""After a failed sync, on an unsafe store or without the key nothing is right until a person has looked and starts anew."""


def turns_of(settings: Settings, leases: Leases, log: EventLog) -> Turns:
    """A data folder has one process; a database may have many."""
    endurance = Endurance(fatal=FATAL)
    if not settings.database_url:
        return Alone(endurance=endurance)
    return Leasing(leases=leases, log=log, holder=HOLDER, seconds=leasing.LEASE_S, endurance=endurance)
