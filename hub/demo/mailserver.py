"""A small real mail server on the loopback: SMTP by aiosmtpd, IMAP with IDLE by pymap, in the loop that starts it."""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import signal
from argparse import Namespace
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self
from uuid import uuid4

from aiosmtpd.smtp import SMTP
from proxyprotocol.noop import ProxyProtocolNoop
from proxyprotocol.sock import SocketInfoLocal
from pymap.backend.dict import Config, Login
from pymap.backend.dict.filter import FilterSet
from pymap.concurrent import Subsystem
from pymap.imap import IMAPServer
from pymap.parsing.message import AppendMessage
from pymap.user import UserMetadata
from pysasl.hashing import Cleartext

from hub.demo.certificates import papers_in, server_context
from hub.demo.doorman import Doorman, TrackedSMTP, User
from hub.demo.mailboxes import KeptInbox, open_mailboxes
from hub.demo.postmark import Submission, stamp
from hub.domain.letters import normalised

LARGEST_LETTER = 64 * 2**20
LOOPBACK = "127.0.0.1"
NEWCOMER = re.compile(r"[a-z0-9][a-z0-9._-]*@[a-z0-9-]+(\.[a-z0-9-]+)+")
"""An address that is a plain folder name, too."""

__all__ = ["MailServer", "User", "serve"]


class QuietConfig(Config):
    """pymap's settings without its look-ups of our host name."""

    @property
    def greeting(self) -> bytes:
        return b"Demo server ready"


class MailServer:
    """`async with MailServer(users=…) as server:` listens on `smtp_port` (AUTH, STARTTLS) and `imap_port` (TLS).

    `folder`: letters and certificate survive there, None keeps them in memory. `domain` names the server
    (`authserv_id` = mail.<domain>). Ports of 0 are chosen by the system. Mail to strangers is refused with 550.
    `newcomers`: the password by which anybody of another domain gets a mailbox when they first write; "": nobody does.
    """

    def __init__(
        self,
        *,
        users: Sequence[User],
        folder: Path | None = None,
        domain: str = "shop.example",
        smtp_port: int = 0,
        imap_port: int = 0,
        newcomers: str = "",
    ) -> None:
        self.domain, self.newcomers = domain, newcomers
        self.users = {normalised(user.address): user for user in users}
        self.folder = folder
        self.authserv_id = f"mail.{domain}"
        self.smtp_port, self.imap_port = smtp_port, imap_port
        self.ca_pem = ""
        self.inboxes: dict[str, KeptInbox] = {}
        self._lines: set[asyncio.BaseTransport] = set()
        self._servers: list[asyncio.Server] = []
        self._welcoming = asyncio.Lock()

    async def __aenter__(self) -> Self:
        papers = papers_in(self.folder and self.folder / "certificate")
        self.ca_pem = papers.ca
        context = server_context(papers)
        self._config = config = _pymap_config(context)
        self._login = login = Login(config)
        for address in self.users:
            await self._open(address)
        for address in self._came_earlier():
            await self.welcome(address)
        self._servers = [await self._listen_smtp(context), await self._listen_imap(context, login, config)]
        self.smtp_port, self.imap_port = (server.sockets[0].getsockname()[1] for server in self._servers)
        return self

    async def __aexit__(self, *_: object) -> None:
        for server in self._servers:
            server.close()
        for line in list(self._lines):
            line.abort()  # type: ignore[attr-defined]
        await asyncio.sleep(0)

    async def letters(self, address: str) -> list[bytes]:
        """Every letter in the INBOX of `address`, as stored, oldest first. Raises `KeyError` for a stranger."""
        inbox = self.inboxes[normalised(address)]
        return [inbox.raw[uid] for uid in sorted(inbox.raw)]

    async def deliver(
        self, raw: bytes, sender: str, recipient: str, *, peer: str = "localhost", login: str = ""
    ) -> None:
        """Put one letter into a local mailbox, with our trace fields on top."""
        owner = self.owner(recipient)
        if owner is None:
            raise KeyError(recipient)
        submission = Submission(
            server=self.authserv_id,
            recipient=recipient,
            sender=sender,
            peer=peer,
            login=login,
            at=datetime.now(UTC),
        )
        ours = frozenset(address.rpartition("@")[2] for address in self.users)
        letter = AppendMessage(stamp(raw, submission, ours), submission.at, frozenset())
        await self.inboxes[owner].append(letter, recent=True)

    def owner(self, address: str) -> str | None:
        """Whose mailbox takes mail for `address`; name+anything@ goes to name@."""
        local, _, domain = normalised(address).rpartition("@")
        owner = f"{local.partition('+')[0]}@{domain}"
        return owner if owner in self.users else None

    def newcomer(self, address: str) -> User | None:
        """Who may come without being expected."""
        if not self.newcomers or not NEWCOMER.fullmatch(address) or address.endswith(f"@{self.domain}"):
            return None
        return User(address=address, password=self.newcomers)

    async def welcome(self, address: str) -> None:
        """Give a newcomer a mailbox; whoever has one keeps it."""
        async with self._welcoming:
            user = None if address in self.users else self.newcomer(address)
            if user is not None:
                self.users[address] = user
                await self._open(address)

    def _came_earlier(self) -> list[str]:
        mail = self.folder and self.folder / "mail"
        return sorted(path.name for path in mail.iterdir()) if mail and mail.exists() else []

    async def _open(self, address: str) -> None:
        mailboxes, inbox = await open_mailboxes(self.folder and self.folder / "mail" / address)
        metadata = UserMetadata(self._config, address, password=self.users[address].password)
        self._config.set_cache[address] = (mailboxes, FilterSet())
        self._login.users_dict[address] = metadata
        self.inboxes[address] = inbox

    async def _listen_smtp(self, context: Any) -> asyncio.Server:
        loop = asyncio.get_running_loop()
        doorman = Doorman(self)

        def session() -> SMTP:
            return TrackedSMTP(
                doorman, lines=self._lines, loop=loop, hostname=self.authserv_id, ident="ESMTP", tls_context=context,
                enable_SMTPUTF8=True, data_size_limit=LARGEST_LETTER, authenticator=doorman.authenticate,
                auth_require_tls=False,
            )  # fmt: skip

        return await loop.create_server(session, LOOPBACK, self.smtp_port)

    async def _listen_imap(self, context: Any, login: Login, config: Config) -> asyncio.Server:
        imap = IMAPServer(login, config)

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self._lines.add(writer.transport)
            try:
                with suppress(ConnectionError, asyncio.CancelledError):
                    await imap(reader, writer, SocketInfoLocal(writer, unique_id=uuid4().bytes))
            finally:
                self._lines.discard(writer.transport)

        return await asyncio.start_server(serve, LOOPBACK, self.imap_port, ssl=context, limit=2**20)


def _pymap_config(context: Any) -> QuietConfig:
    config = QuietConfig(
        Namespace(passlib_cfg=None, proxy_protocol=None), demo_data=False, demo_user="", demo_password="",
        host=LOOPBACK, port=0, ssl_context=context, tls_enabled=False, hash_context=Cleartext(),
        cpu_subsystem=Subsystem.for_asyncio(), invalid_user_sleep=0.0, proxy_protocol=ProxyProtocolNoop(),
    )  # fmt: skip
    config.apply_context()
    return config


async def serve(users: Sequence[User], folder: Path | None, domain: str, ports_file: Path) -> None:
    """Serve until SIGINT or SIGTERM. `ports_file` gets a JSON object as soon as both ports listen."""
    stop = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    async with MailServer(users=users, folder=folder, domain=domain) as server:
        told = {
            "smtp_port": server.smtp_port,
            "imap_port": server.imap_port,
            "ca_pem": server.ca_pem,
            "authserv_id": server.authserv_id,
        }
        part = ports_file.with_suffix(".part")
        part.write_text(json.dumps(told))
        part.replace(ports_file)
        await stop.wait()


def main(arguments: Sequence[str] | None = None) -> None:
    """`python -m hub.demo.mailserver --ports-file FILE --user address:password …`."""
    parser = argparse.ArgumentParser(
        description="A small mail server on the loopback, for trying things out."
    )
    parser.add_argument("--folder", type=Path, help="where letters survive a restart (default: in memory)")
    parser.add_argument(
        "--ports-file", type=Path, required=True, help="gets the ports and the certificate as JSON"
    )
    parser.add_argument("--domain", default="shop.example")
    parser.add_argument("--user", action="append", required=True, metavar="ADDRESS:PASSWORD")
    given = parser.parse_args(arguments)
    pairs = [pair.partition(":") for pair in given.user]
    users = [User(address=address, password=password) for address, _, password in pairs]
    asyncio.run(serve(users, given.folder, given.domain, given.ports_file))


if __name__ == "__main__":
    main()
