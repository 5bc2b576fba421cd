"""Several hub processes on one record in PostgreSQL, stopped and continued in the middle of whatever they do."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes
from pathlib import Path
from uuid import uuid4

from hub.app.kinds import CUSTOMER
from hub.app.ports import Envelope, Recorded
from hub.assembly.house import House, open_house
from hub.domain.conversation.commands import Letter, WriteReply
from hub.domain.conversation.events import MessageReceived
from hub.domain.customer.decisions import decide
from hub.domain.ids import AccountId, AgentId, CommandId, MessageId
from hub.domain.letters import Address
from hub.domain.vocabulary import Actor, opened
from infra.settings import load_settings
from tests.faults.kills import ROOT, SUPPORT, Shop, everything

LEASE_S = 2.0
"""Short, so that a process that is stopped soon loses what it holds."""

AGENT = AgentId(uuid4())


@dataclass(slots=True)
class Member:
    """One hub process. `stops`: when it stood still, from and to."""

    name: str
    process: asyncio.subprocess.Process
    stops: list[tuple[datetime, datetime]] = field(default_factory=list)

    async def stand_still(self, seconds: float) -> None:
        began = datetime.now(UTC)
        self.process.send_signal(signal.SIGSTOP)
        await asyncio.sleep(seconds)
        self.process.send_signal(signal.SIGCONT)
        self.stops.append((began, datetime.now(UTC)))


@dataclass(slots=True)
class Crowd:
    """The members, and a house of the same record in this process that only looks, and writes replies."""

    shop: Shop
    house: House
    members: list[Member]
    rng: random.Random

    async def stop_them_in_turns(self, times: int) -> None:
        """Each time one of them stands still, shorter or longer than its leases."""
        for _ in range(times):
            await asyncio.sleep(self.rng.uniform(0.0, 0.3))
            await self.rng.choice(self.members).stand_still(self.rng.uniform(0.1, 2 * LEASE_S))

    async def kill_them_in_turns(self, times: int) -> None:
        """Each time one of them is killed, and another one started in its place."""
        for _ in range(times):
            await asyncio.sleep(self.rng.uniform(0.0, 1.5))
            member = self.rng.choice(self.members)
            member.process.kill()
            await member.process.wait()
            member.stops.append((datetime.now(UTC), datetime.now(UTC)))
            member.process = await _started(self.shop.folder.parent / member.name / "amends.toml")

    async def answer(self, fact: Recorded) -> None:
        """A person answers this message."""
        event = fact.event
        assert isinstance(event, MessageReceived)
        sender = opened(event.sender, Address(address=""))
        message = MessageId(uuid4())
        letter = Letter(
            message=message,
            conversation=event.conversation,
            account=AccountId(event.account),
            kind="reply",
            to=(sender,),
            subject="Re",
            text="We are on it.",
            message_ref=f"{message}@shop.example",
        )
        command = WriteReply(letter=letter, author=AGENT, seen=event.message, undo_seconds=0.0)
        envelope = Envelope(actor=Actor(kind="agent", id=str(AGENT)), command=CommandId(uuid4()))
        await self.house.transactor.transact(
            CUSTOMER,
            fact.stream,
            lambda state: decide(command, state, datetime.now(UTC)),
            envelope,
            items=(event.conversation,),
        )

    async def facts(self) -> list[Recorded]:
        return [fact async for fact in everything(self.house)]

    async def until(self, done: Callable[[list[Recorded]], bool], patience: float = 120) -> list[Recorded]:
        """Everything on record, once `done` says so of it."""
        async with asyncio.timeout(patience):
            while not done(facts := await self.facts()):
                codes = {member.name: member.process.returncode for member in self.members}
                assert None in codes.values(), f"nobody is at work any more: {codes}"
                await asyncio.sleep(0.3)
        return facts

    async def wire(self) -> dict[str, Counter[tuple[str, bool]]]:
        """By customer: how often each Message-ID of ours arrived, and whether it was automatic."""
        found = {}
        for address in self.shop.server.users:
            if address != SUPPORT.address:
                letters = [message_from_bytes(raw) for raw in await self.shop.server.letters(address)]
                found[address] = Counter(
                    (str(one["Message-ID"]), "auto-replied" in (one["Auto-Submitted"] or ""))
                    for one in letters
                )
        return found


def settings_for(folder: Path, name: str, url: str) -> Path:
    """A folder of its own for a process on the same record: its own views, everybody's vault and master key."""
    own = folder / name
    own.mkdir()
    shared = (
        (folder / "amends.toml").read_text().replace('data = "hub"', f'data = "hub"\ndatabase_url = "{url}"')
    )
    shared = shared.replace('"master.key"', '"../master.key"\nvault = "../vault"')
    shared = shared.replace('"password"', '"../password"').replace('"ca.pem"', '"../ca.pem"')
    (own / "amends.toml").write_text(shared)
    return own / "amends.toml"


@asynccontextmanager
async def a_crowd(shop: Shop, url: str, size: int, *sabotage: str) -> AsyncIterator[Crowd]:
    """`size` processes at work on `shop`'s mailbox."""
    looker = settings_for(shop.folder, "looker", url)
    async with open_house(load_settings(looker, {}), tell=lambda _: None, reading=1) as house:
        members = [await _member(shop.folder, f"member{number}", url, *sabotage) for number in range(size)]
        try:
            yield Crowd(Shop(shop.server, looker.parent, shop.rng), house, members, shop.rng)
        finally:
            for member in members:
                with suppress(ProcessLookupError):
                    member.process.kill()
                await member.process.wait()


async def _member(folder: Path, name: str, url: str, *sabotage: str) -> Member:
    return Member(name, await _started(settings_for(folder, name, url), *sabotage))


async def _started(settings: Path, *sabotage: str) -> asyncio.subprocess.Process:
    with (settings.parent / "hub.log").open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.faults.crowd_child", str(settings), str(LEASE_S), *sabotage,
            cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=log, env={**os.environ, "PYTHONPATH": str(ROOT)},
        )  # fmt: skip
    assert process.stdout is not None
    async with asyncio.timeout(60):
        assert await process.stdout.readline() == b"at work\n", (settings.parent / "hub.log").read_text()
    return process
