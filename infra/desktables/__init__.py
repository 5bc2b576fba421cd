"""Ordinary rows that are not the record: credentials, sessions, drafts, leases, answers, counters (one `desk` file)."""

from infra.desktables.access import CredentialTable, SessionTable
from infra.desktables.drafts import DraftTable
from infra.desktables.file import Desk, open_desk
from infra.desktables.limits import SlidingLimits
from infra.desktables.work import AnswerTable, CounterTable, LeaseTable

__all__ = [
    "AnswerTable",
    "CounterTable",
    "CredentialTable",
    "Desk",
    "DraftTable",
    "LeaseTable",
    "SessionTable",
    "SlidingLimits",
    "open_desk",
]
