"""The record: an append-only log with one order, on SQLite, in memory, and in `postgres` (record rules 4 to 9). The only door to eventsourcing."""

from infra.eventlog.log import Log, open_log, renew_incarnation
from infra.eventlog.memory import MemoryLog
from infra.eventlog.stopped import LogBusy, LogFull, LogPaused

__all__ = ["Log", "LogBusy", "LogFull", "LogPaused", "MemoryLog", "open_log", "renew_incarnation"]
