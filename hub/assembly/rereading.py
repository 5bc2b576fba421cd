"""Parked letters, read again after a fix: the touchpoint caused by its parking, and the word that it was read (record rule 14)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from hub.app.arrivals import Arrival, Landed
from hub.app.intake import read_again
from hub.app.kinds import ACCOUNT
from hub.app.ports import Envelope, Recorded
from hub.app.transact import Plan
from hub.assembly.house import ASSEMBLY, House, now
from hub.domain.account.decisions import ReadAgain, decide
from hub.domain.account.events import LetterParked
from hub.domain.account.state import Account
from hub.domain.errors import NoSuchMessage
from hub.domain.ids import AccountId, BlobId, CommandId, Position
from hub.domain.letters import Unreadable
from hub.domain.vocabulary import Erased
from projections import parked


@dataclass(frozen=True, slots=True)
class Rereader:
    """The use case over an open house."""

    house: House

    async def __call__(self, raw: BlobId) -> Landed:
        """Where it is on record now. Raises `Unreadable`, `NoSuchMessage`."""
        fact = await self._parking(raw)
        content = await self.house.vault.open(raw)
        inbox = self.house.inboxes.get(AccountId(fact.stream))
        if inbox is None or isinstance(content, Erased):
            raise Unreadable("its inbox is no longer connected, or it was erased")
        arrival = Arrival(inbox=inbox, raw=content, received_at=fact.recorded_at)
        landed = await read_again(self.house.walk, arrival, raw, fact.position)
        return replace(landed, position=Position(max(landed.position, await self._say_so(raw, fact, landed))))

    async def _parking(self, raw: BlobId) -> Recorded:
        row = await self.house.ask(lambda connection: parked.letter(connection, raw))
        page = await self.house.log.read_all(after=row["position"] - 1, limit=1) if row else ()
        if not page or not isinstance(page[0].event, LetterParked):
            raise NoSuchMessage
        return page[0]

    async def _say_so(self, raw: BlobId, fact: Recorded, landed: Landed) -> int:
        if landed.customer is None or landed.message is None:
            return landed.position
        command = ReadAgain(raw=raw, customer=landed.customer, message=landed.message)
        secrets = self.house.walk.secrets

        def plan(state: Account) -> Plan:
            return Plan(
                events=tuple(decide(command, state, now())), once=(secrets.keyed("said read again", raw),)
            )

        name = CommandId(secrets.derived("said read again", raw))
        envelope = Envelope(actor=ASSEMBLY, command=name, cause=fact.position)
        return (await self.house.transactor.transact(ACCOUNT, fact.stream, plan, envelope)).position
