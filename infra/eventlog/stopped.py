"""Why the log takes nothing just now."""

from hub.app.ports import LogPaused

__all__ = ["LogAway", "LogBusy", "LogFull", "LogPaused"]


class LogFull(LogPaused):
    """The disk is full."""


class LogBusy(LogPaused):
    """Another program holds the log's write lock."""


class LogAway(LogPaused):
    """The database can't be reached. What was asked may yet be recorded if it vanished during the commit."""
