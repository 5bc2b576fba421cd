"""The record: an append-only log with one order, on SQLite and in memory (record rules 4 to 9). The only door to eventsourcing."""

from infra.eventlog.log import Log, open_log
from infra.eventlog.memory import MemoryLog
from infra.eventlog.stopped import LogFull

__all__ = ["Log", "LogFull", "MemoryLog", "open_log"]
