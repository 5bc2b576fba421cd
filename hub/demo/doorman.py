"""Who may hand in letters at the demo server, and for whom: aiosmtpd's hooks."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

from hub.domain.letters import normalised


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """Somebody with a mailbox here. `address` is also the login."""

    address: str
    password: str
    name: str = ""


# aiosmtpd warns at every login of an attribute that only itself uses.
logging.getLogger("mail.log").setLevel(logging.ERROR)


class Mailboxes(Protocol):
    """What the doorman needs of the house."""

    @property
    def users(self) -> Mapping[str, User]: ...

    def owner(self, address: str) -> str | None: ...

    def newcomer(self, address: str) -> User | None: ...

    async def welcome(self, address: str) -> None: ...

    async def deliver(self, raw: bytes, sender: str, recipient: str, *, peer: str, login: str) -> None: ...


class TrackedSMTP(SMTP):
    """An aiosmtpd session that the server can hang up on when it stops."""

    def __init__(self, handler: object, *, lines: set[asyncio.BaseTransport], **settings: Any) -> None:
        super().__init__(handler, **settings)
        self._open_lines = lines

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._open_lines.add(transport)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        super().connection_lost(error)
        self._open_lines.difference_update([line for line in self._open_lines if line.is_closing()])


class Doorman:
    """Who may hand in letters, and for whom (aiosmtpd's hooks)."""

    def __init__(self, server: Mailboxes) -> None:
        self.server = server

    def authenticate(
        self, _smtp: Any, _session: Any, _envelope: Any, _mechanism: str, given: Any
    ) -> AuthResult:
        if not isinstance(given, LoginPassword):
            return AuthResult(success=False, handled=False)
        address = normalised(given.login.decode(errors="replace"))
        user = self.server.users.get(address) or self.server.newcomer(address)
        known = user is not None and secrets.compare_digest(user.password.encode(), given.password)
        return AuthResult(success=known, handled=False, auth_data=address if known else None)

    async def handle_MAIL(self, _smtp: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if session.authenticated:
            await self.server.welcome(str(session.auth_data))
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 OK"

    async def handle_RCPT(self, _smtp: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:
        if self.server.owner(address) is None:
            return "550 5.1.1 No such mailbox here"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, _smtp: Any, session: Any, envelope: Any) -> str:
        login = str(session.auth_data or "") if session.authenticated else ""
        peer = session.host_name or "unknown"
        sender = str(envelope.mail_from or "").strip("<>")  # the null sender comes as "<>"
        for recipient in envelope.rcpt_tos:
            await self.server.deliver(envelope.original_content, sender, recipient, peer=peer, login=login)
        return "250 2.0.0 Kept"
