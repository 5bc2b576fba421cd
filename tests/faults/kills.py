"""A hub in a process that is killed again and again while letters come, and what may be said of its record afterwards."""

from __future__ import annotations

import asyncio
import os
import random
import sqlite3
import sys
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from pathlib import Path
from uuid import UUID

from hub.app.ports import Recorded
from hub.assembly.house import House, open_house
from hub.demo.mailserver import MailServer, User
from hub.demo.office import Office
from hub.domain.complaint.events import ComplaintAcknowledged, ComplaintRegistered
from hub.domain.conversation.events import (
    DeliveryHandedOver,
    DeliveryStarted,
    DeliveryUncertain,
    MessageReceived,
    ReplyWritten,
)
from hub.domain.vocabulary import opened
from infra.codec import Codec
from infra.db import open_reader
from infra.settings import Settings, load_settings

ROOT = Path(__file__).parents[2]
SUPPORT = User(address="support@shop.example", password="demo", name="Shop")
SETTINGS = """
data = "hub"
workspace = "kills"
master_key_file = "master.key"
[[mailbox]]
name = "support"
address = "support@shop.example"
imap = "imaps://support%40shop.example@127.0.0.1:{imap}/INBOX"
smtp = "smtp+starttls://support%40shop.example@127.0.0.1:{smtp}"
password_file = "password"
ca_file = "ca.pem"
trusted_authserv_ids = ["mail.shop.example"]
"""
COMPLAINT = "I am very disappointed: the lamp arrived broken and nobody answers. I want my money back. This is a complaint!"
A_LIFE = (-0.5, 1.5)
"""Seconds after it is at work; what is below zero dies while it starts."""
SEED = 20261122
QUESTION = "Could you tell me which bulb fits the reading lamp? Thank you."


@dataclass(slots=True)
class Shop:
    """The mail server, the hub's settings file, and who wrote."""

    server: MailServer
    folder: Path
    rng: random.Random
    kills: list[datetime] = field(default_factory=list)

    @property
    def settings_file(self) -> Path:
        return self.folder / "amends.toml"

    @property
    def settings(self) -> Settings:
        return load_settings(self.settings_file, {})

    async def write(self, number: int) -> None:
        """Letter `number`; every third is a complaint, each customer writes one letter."""
        letter = EmailMessage()
        sender = customer(number)
        letter["From"], letter["To"] = sender, SUPPORT.address
        letter["Subject"], letter["Message-ID"] = f"Letter {number}", f"<letter-{number}@customers.example>"
        letter.set_content(COMPLAINT if is_complaint(number) else QUESTION)
        await self.server.deliver(letter.as_bytes(), sender, SUPPORT.address, login=sender)

    async def live_and_die(self, seconds: float, *sabotage: str) -> None:
        """Start a hub and kill it `seconds` after it is at work; a negative number counts from its start."""
        hub = await self.start(*sabotage)
        if seconds > 0 and hub.stdout is not None:
            await asyncio.wait_for(hub.stdout.readline(), 60)
        with suppress(TimeoutError):
            await asyncio.wait_for(hub.wait(), abs(seconds))
        with suppress(ProcessLookupError):
            hub.kill()
        await hub.wait()
        self.kills.append(datetime.now(UTC))

    async def start(self, *sabotage: str) -> asyncio.subprocess.Process:
        with (self.folder / "hub.log").open("ab") as log:
            arguments = ("-m", "tests.faults.hub_child", str(self.settings_file), *sabotage)
            return await asyncio.create_subprocess_exec(
                sys.executable,
                *arguments,
                cwd=ROOT,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
            )

    async def finish(
        self, done: Callable[[list[Recorded]], bool], *sabotage: str, patience: float = 240
    ) -> None:
        """One more hub, left alone until `done` says of the whole record that nothing is under way any more."""
        hub = await self.start(*sabotage)
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(patience):
                    await self._until(hub, done)
        finally:
            with suppress(ProcessLookupError):
                hub.kill()
            await hub.wait()

    async def _until(self, hub: asyncio.subprocess.Process, done: Callable[[list[Recorded]], bool]) -> None:
        while hub.returncode is None and not done(await self.peek()):  # noqa: ASYNC110 - another process's files
            await asyncio.sleep(0.25)

    async def peek(self) -> list[Recorded]:
        """The record as it stands, read beside the running hub."""
        return await asyncio.to_thread(read_record, self.settings)


def read_record(settings: Settings) -> list[Recorded]:
    """Every fact with its open part, read beside whoever writes."""
    path = settings.data / "log.sqlite"
    if not path.exists():
        return []
    db = open_reader(path)
    try:
        (workspace,) = db.execute("SELECT workspace FROM head").fetchone()
        codec = Codec(UUID(workspace), NoKeys())
        rows = db.execute(
            "SELECT position, originator_id, originator_version, topic, state FROM stored_events ORDER BY position"
        )
        return [codec.open(row) for row in rows]
    except sqlite3.OperationalError:
        return []
    finally:
        db.close()


class NoKeys:
    """Whoever only looks on has no key: personal fields stay closed, and the hub's own files are left alone."""

    def key(self, key_id: str) -> bytes | None:
        return None

    async def ensure(self, stream: object) -> None: ...


@asynccontextmanager
async def a_shop(folder: Path, letters: int, seed: int) -> AsyncIterator[Shop]:
    """`letters` customers with a mailbox each."""
    customers = [User(address=customer(number), password="demo") for number in range(letters)]
    async with MailServer(users=[SUPPORT, *customers], folder=folder / "mail") as server:
        office = Office.of(server)
        (folder / "ca.pem").write_text(office.ca_pem)
        (folder / "password").touch(mode=0o600)
        (folder / "password").write_text("demo")
        (folder / "amends.toml").write_text(SETTINGS.format(imap=office.imap_port, smtp=office.smtp_port))
        yield Shop(server, folder, random.Random(seed))


async def lives(shop: Shop, kills: int, letters: int, *sabotage: str) -> None:
    """`kills` short lives, some letters before each."""
    for life in range(kills):
        for number in range(life * letters // kills, (life + 1) * letters // kills):
            await shop.write(number)
        await shop.live_and_die(shop.rng.uniform(*A_LIFE), *sabotage)


def customer(number: int) -> str:
    return f"customer-{number}@customers.example"


def is_complaint(number: int) -> bool:
    return number % 3 == 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What the record and the mailboxes hold in the end."""

    facts: list[Recorded]
    received: Counter[str]
    equal_raws: int
    registered: int
    acknowledged: Counter[str]
    in_mailboxes: Counter[str]
    uncertain: dict[str, tuple[datetime, datetime]]
    unfinished: list[str]


async def look(shop: Shop) -> Found:
    """Open the house once more and read everything."""
    async with open_house(shop.settings, tell=lambda _: None, reading=1) as house:
        facts = [fact async for fact in everything(house)]
        return Found(
            facts=facts,
            received=Counter(
                opened(f.event.message_ref, "") for f in facts if isinstance(f.event, MessageReceived)
            ),
            equal_raws=await equal_raws(house, shop, facts),
            registered=sum(isinstance(fact.event, ComplaintRegistered) for fact in facts),
            acknowledged=Counter(
                str(f.event.complaint) for f in facts if isinstance(f.event, ComplaintAcknowledged)
            ),
            in_mailboxes=await acknowledgements_received(shop),
            uncertain=uncertain(facts),
            unfinished=unfinished(facts),
        )


async def everything(house: House) -> AsyncIterator[Recorded]:
    after = 0
    while page := await house.log.read_all(after=after):
        for fact in page:
            yield fact
        after = page[-1].position


async def equal_raws(house: House, shop: Shop, facts: list[Recorded]) -> int:
    """How many kept letters are, byte for byte, letters of the mailbox."""
    theirs = set(await shop.server.letters(SUPPORT.address))
    kept = [await house.vault.open(f.event.raw) for f in facts if isinstance(f.event, MessageReceived)]
    return sum(raw in theirs for raw in kept)


async def acknowledgements_received(shop: Shop) -> Counter[str]:
    """Automatic letters per customer's mailbox."""
    found: Counter[str] = Counter()
    for address in shop.server.users:
        letters = await shop.server.letters(address) if address != SUPPORT.address else []
        found[address] += sum(
            "auto-replied" in (message_from_bytes(raw)["Auto-Submitted"] or "") for raw in letters
        )
    return found


def uncertain(facts: list[Recorded]) -> dict[str, tuple[datetime, datetime]]:
    """Uncertain letters: to whom, when the attempt began and when it was given up as uncertain."""
    to = {f.event.message: opened(f.event.to, ()) for f in facts if isinstance(f.event, ReplyWritten)}
    started = {f.event.message: f.recorded_at for f in facts if isinstance(f.event, DeliveryStarted)}
    return {
        to[f.event.message][0].address: (started[f.event.message], f.recorded_at)
        for f in facts
        if isinstance(f.event, DeliveryUncertain)
    }


def unfinished(facts: list[Recorded]) -> list[str]:
    """Letters of ours that are neither handed over nor uncertain."""
    events: dict[str, list[object]] = defaultdict(list)
    for fact in facts:
        if isinstance(fact.event, ReplyWritten | DeliveryHandedOver | DeliveryUncertain):
            events[str(fact.event.message)].append(fact.event)
    return [message for message, seen in events.items() if all(isinstance(one, ReplyWritten) for one in seen)]


def all_settled(letters: int) -> Callable[[list[Recorded]], bool]:
    """Every letter on record, every complaint acknowledged, nothing under way."""
    complaints = sum(map(is_complaint, range(letters)))

    def done(facts: list[Recorded]) -> bool:
        received = sum(isinstance(fact.event, MessageReceived) for fact in facts)
        told = sum(isinstance(fact.event, ComplaintAcknowledged) for fact in facts)
        return received >= letters and told >= complaints and not unfinished(facts)

    return done
