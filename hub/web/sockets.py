"""The open live sockets of this process: so that signing out, a new password or leaving ends them at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from hub.app.ports import Sessions
from hub.domain.ids import AgentId

IDLE: Final = timedelta(minutes=30)
LONGEST: Final = timedelta(hours=12)


@dataclass(slots=True, kw_only=True)
class Socket:
    """One open socket. `session` is the fingerprint of its token; `close` says why and ends it."""

    agent: AgentId
    session: str
    started: datetime
    used: datetime
    close: Callable[[str], None]

    def is_over(self, now: datetime) -> bool:
        """Whether the session behind it has ended by itself."""
        return now - self.used > IDLE or now - self.started > LONGEST


@dataclass(slots=True)
class Sockets:
    """`looked`: when, on this loop's clock, it was last asked which sessions still stand."""

    open: dict[str, Socket] = field(default_factory=dict)
    looked: float = float("-inf")

    def used(self, session: str, now: datetime) -> None:
        """The person did something in this session."""
        for socket in self.open.values():
            if socket.session == session:
                socket.used = now

    def end_session(self, session: str, why: str) -> None:
        for socket in [socket for socket in self.open.values() if socket.session == session]:
            socket.close(why)

    async def end_ended(self, sessions: Sessions, every: float) -> None:
        """Sessions may end in another process too: one look for all sockets, at most every so many seconds."""
        now = asyncio.get_running_loop().time()
        if now - self.looked < every:
            return
        self.looked = now
        open_before = {socket.session for socket in self.open.values()}
        for session in open_before - await sessions.standing():
            self.end_session(session, "signed-out")

    def end_agent(self, agent: AgentId, why: str) -> None:
        for socket in [socket for socket in self.open.values() if socket.agent == agent]:
            socket.close(why)
