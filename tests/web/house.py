"""A whole house without sockets: the real ports on memory and temporary files, and colleagues who are signed in."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email import policy
from email.message import EmailMessage
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID, uuid4

import httpx
from argon2 import PasswordHasher

from channels.email.fingerprint import letter_bytes
from channels.email.reading import read_letter
from hub.app.addressing import SignedAddressing
from hub.app.arrivals import Arrival, Landed
from hub.app.intake import read_again, take_in
from hub.app.kinds import AGENT
from hub.app.ports import Credential, Envelope, Inbox
from hub.app.statecache import StateCache
from hub.app.transact import Transactor
from hub.app.walk import Walk
from hub.domain.ids import AgentId, BlobId, CommandId, MessageId, StreamId
from hub.domain.letters import Address, Incoming
from hub.domain.staff.decisions import Join, decide_agent
from hub.domain.vocabulary import Actor
from hub.web.app import create_app
from hub.web.desk_ports import Desk
from hub.web.safe_html import cleaned
from infra.codec import describe
from infra.desktables import open_desk
from infra.eventlog import MemoryLog
from infra.keys.memory import MemoryKeys
from infra.vault import MemoryVault
from projections import outbox
from projections.complaints import ComplaintsView
from projections.file import open_book, open_lookup, open_reader
from projections.pages import PAGES
from projections.runner import Runner
from projections.threads import ThreadsView

PASSWORD = "correct horse battery"
QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
"""Tests sign in often; `test_passwords_take_work` looks at the real cost."""

SECRET = QUICK.hash(PASSWORD)
ROLES = ("rep", "lead", "auditor", "admin")
HERE = "http://127.0.0.1:8000"
SUPPORT = Inbox(
    account=UUID(int=7), name="Support", kind="email", address=Address(address="support@shop.example", name="Shop"),
    signature="The shop", plus_addressing=True,
)  # fmt: skip


class Clock:
    """Time that tests move."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


class HereAndNow:
    """`Readers` in this very process."""

    async def read(self, raw: bytes, *, account: str, harmless: bool = False) -> Incoming:
        incoming = read_letter(
            raw, account=SUPPORT.address.address, trusted_authserv=frozenset({"mx.shop.example"})
        )
        return replace(incoming, html=cleaned(incoming.html)) if harmless else incoming


class Client(httpx.AsyncClient):
    """A browser: keeps the cookie, sends the CSRF token once signed in."""

    me: dict[str, Any]

    async def sign_in(self, login: str, password: str = PASSWORD) -> httpx.Response:
        answer = await self.post("/api/v1/session", json={"login": login, "password": password})
        if answer.status_code == 200:
            self.me = answer.json()
            self.headers["X-CSRF"] = self.me["csrf"]
        return answer


@dataclass(kw_only=True)
class House:
    desk: Desk
    walk: Walk
    runner: Runner
    clock: Clock
    app: Any
    people: dict[str, AgentId] = field(default_factory=dict)
    clients: list[Client] = field(default_factory=list)
    read_again: list[BlobId] = field(default_factory=list)

    def browser(self, *, from_address: str = "127.0.0.1") -> Client:
        """Somebody who is not signed in."""
        wire = httpx.ASGITransport(app=self.app, client=(from_address, 1), raise_app_exceptions=False)
        client = Client(transport=wire, base_url=self.desk.public_url)
        self.clients.append(client)
        return client

    async def as_(self, role: str) -> Client:
        """A colleague of this role, signed in."""
        client = self.browser(from_address=f"10.0.0.{len(self.clients) % 250}")
        token, session = await self.desk.sessions.start(self.people[role], self.clock())
        client.cookies.set("amends_session", token)
        client.headers["X-CSRF"] = session.csrf
        client.me = {"id": str(self.people[role]), "csrf": session.csrf, "role": role}
        return client

    async def hire(self, role: Any, name: str = "") -> AgentId:
        agent, login = AgentId(uuid4()), f"{name or role}@shop.example"
        await self.desk.keys.ensure(StreamId(agent))
        join = Join(agent=agent, role=role, name=(name or role).title(), email=login)
        by = Envelope(actor=Actor(kind="system", id="house"), command=CommandId(uuid4()))
        await self.desk.transactor.transact(
            AGENT, StreamId(agent), lambda state: list(decide_agent(join, state, self.clock())), by
        )
        await self.desk.credentials.put(Credential(agent=agent, login=login, secret_hash=SECRET))
        self.people[name or role] = agent
        return agent

    async def letter(self, **fields: Any) -> Landed:
        """A customer's letter on its whole way in, shown in the views when this returns."""
        landed = await take_in(
            self.walk, Arrival(inbox=SUPPORT, raw=letter(**fields), received_at=self.clock())
        )
        await self.runner.reached(landed.position)
        return landed

    async def settled(self) -> None:
        """The views show everything that is on record."""
        await self.runner.reached(await self.desk.log.head())


def letter(
    sender: str = "Alice <alice@home.example>",
    subject: str = "My order",
    text: str = "Where is my order?",
    *,
    proven: bool = False,
    reference: str = "",
    message_id: str = "",
    html: str = "",
    files: tuple[tuple[str, bytes, str], ...] = (),
    **headers: str,
) -> bytes:
    """Raw bytes as they come from a mail server."""
    mail = EmailMessage(policy=policy.SMTP.clone(max_line_length=998))
    if proven:
        domain = sender.partition("@")[2].strip("<> ")
        mail["Authentication-Results"] = f"mx.shop.example; dmarc=pass header.from={domain}"
    mail["From"], mail["To"], mail["Subject"] = sender, headers.pop("To", "support@shop.example"), subject
    mail["Message-ID"] = f"<{message_id or uuid4().hex + '@home.example'}>"
    if reference:
        mail["In-Reply-To"] = f"<{reference}>"
    for name, value in headers.items():
        mail[name.replace("_", "-")] = value
    mail.set_content(text)
    if html:
        mail.add_alternative(html, subtype="html")
    for name, content, kind in files:
        main, _, sub = kind.partition("/")
        mail.add_attachment(content, maintype=main, subtype=sub, filename=name)
    return mail.as_bytes()


@asynccontextmanager
async def house(folder: Path, *, public_url: str = HERE, static: Path | None = None) -> AsyncIterator[House]:
    clock, keys = Clock(), MemoryKeys()
    log, vault, tables = MemoryLog(keys), MemoryVault(keys), open_desk(folder / "desk.db", keys, clock)
    runner = Runner(log=log, book=open_book(folder / "views.db", PAGES, "one"), clock=clock)
    views = open_reader(folder / "views.db")
    transactor = Transactor(log, keys, StateCache(log), Random(7))
    addressing, lookup = SignedAddressing(keys.secrets), open_lookup(folder / "views.db")
    threads, raised = ThreadsView(lookup=lookup), ComplaintsView(lookup=lookup)

    async def ask(question: Any) -> Any:
        def answer() -> Any:
            with views.connect() as db:
                return question(db)

        return await asyncio.to_thread(answer)

    async def is_ours(message: MessageId) -> bool:
        return await ask(lambda db: outbox.standing(db, message)) is not None

    async def again(raw: BlobId) -> Landed:
        made.read_again.append(raw)
        content = await vault.open(raw)
        assert isinstance(content, bytes)
        arrival = Arrival(inbox=SUPPORT, raw=content, received_at=clock())
        return await read_again(walk, arrival, raw, await log.head())

    desk = Desk(
        log=log, transactor=transactor, ask=ask, views=runner, threads=threads, announcements=runner,
        sessions=tables.sessions, credentials=tables.credentials, drafts=tables.drafts, answers=tables.answers,
        limits=tables.limits, vault=vault, keys=keys, readers=HereAndNow(), counters=tables.counters,
        secrets=keys.secrets, clock=clock, addressing=addressing, read_again=again, describe=describe,
        workspace=StreamId(UUID(int=1)), public_url=public_url, inboxes=(SUPPORT,), static=static,
    )  # fmt: skip
    walk = Walk(
        log=log, vault=vault, keys=keys, secrets=keys.secrets, readers=HereAndNow(), threads=threads, views=runner,
        transactor=transactor, addressing=addressing, fingerprint=letter_bytes, is_ours=is_ours, clock=clock,
        complaints=raised,
    )  # fmt: skip
    made = House(desk=desk, walk=walk, runner=runner, clock=clock, app=create_app(desk))
    try:
        async with open_for_work(made):
            yield made
    finally:
        views.dispose()
        runner.close()
        tables.close()


@asynccontextmanager
async def open_for_work(made: House) -> AsyncIterator[None]:
    """The views follow the log, and one colleague of each role works here."""
    running = asyncio.create_task(made.runner.run())
    try:
        for role in ROLES:
            await made.hire(role)
        await made.settled()
        yield
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        for client in made.clients:
            await client.aclose()


LONG = bool(os.environ.get("AMENDS_TEST_LONG"))
