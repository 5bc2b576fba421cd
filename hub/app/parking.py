"""Causes that a policy could not digest: on record in the policy's own stream, so that they are seen and survive a restart."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from hub.app.ports import Envelope, Recorded, Secrets
from hub.app.statecache import Kind
from hub.app.transact import Transactor
from hub.domain.ids import CommandId, Position, StreamId
from hub.domain.reaction.decisions import park, recover
from hub.domain.reaction.events import ReactionEvent, ReactionParked, ReactionRecovered
from hub.domain.reaction.state import Parked, evolve
from hub.domain.vocabulary import Actor

POLICY: Final[Kind[Parked]] = Kind(initial=Parked(), evolve=evolve)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parking:
    """Where poison waits."""

    transactor: Transactor
    secrets: Secrets

    def stream(self, policy: str) -> StreamId:
        """The policy's own stream."""
        return StreamId(self.secrets.derived("policy", policy))

    async def waiting(self, policy: str) -> Sequence[ReactionParked]:
        """What waits, oldest first."""
        state = await self.transactor.state(POLICY, self.stream(policy))
        return [state.waiting[cause] for cause in sorted(state.waiting)]

    async def park(self, policy: str, fact: Recorded, fault: Exception) -> None:
        """The fault's kind alone is noted: its words might quote a customer."""
        why = type(fault).__name__
        parked = ReactionParked(policy=policy, cause=fact.position, stream=fact.stream, why=why)
        await self._note(policy, fact.position, lambda state: park(parked, state))

    async def recovered(self, policy: str, cause: Position) -> None:
        done = ReactionRecovered(policy=policy, cause=cause)
        await self._note(policy, cause, lambda state: recover(done, state))

    async def _note(
        self, policy: str, cause: Position, decide: Callable[[Parked], Sequence[ReactionEvent]]
    ) -> None:
        stream = self.stream(policy)
        waits = cause in (await self.transactor.state(POLICY, stream)).waiting
        name = self.secrets.derived("recovering" if waits else "parking", policy, str(cause))
        envelope = Envelope(actor=Actor(kind="system", id="reactions"), command=CommandId(name), cause=cause)
        await self.transactor.transact(POLICY, stream, decide, envelope)
