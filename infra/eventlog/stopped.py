"""Why the log takes nothing just now."""

from hub.app.ports import LogStopped


class LogPaused(LogStopped):
    """Nothing of the request is recorded, but the log goes on by itself: the same request may be made again."""


class LogFull(LogPaused):
    """The disk is full."""


class LogBusy(LogPaused):
    """Another program holds the log's write lock."""


class LogAway(LogPaused):
    """The database can't be reached. What was asked may yet be recorded if it vanished during the commit."""
