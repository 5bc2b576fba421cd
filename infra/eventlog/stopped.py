"""Why the log takes nothing just now."""

from hub.app.ports import LogStopped


class LogFull(LogStopped):
    """The disk is full. Nothing of the request is recorded; it may be made again, and goes through once there is space."""
