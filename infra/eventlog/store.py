"""What the committer needs of a database, so that one committer serves them all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from hub.domain.ids import Position
from infra.eventlog.batch import Draft, Outcome, Standing


class OutcomeUnknown(Exception):
    """The commit may or may not have happened: the connection broke before its answer came (record rule 9)."""


class Store(Protocol):
    """One writer's view of the log. Called from one thread alone, in this order: begin, load, write, commit (or roll back)."""

    def begin(self) -> None:
        """Start a transaction and take the head lock. Raises `LogStopped`."""
        ...

    def load(self, drafts: Sequence[Draft]) -> Standing:
        """Head, versions, once-keys, claims and marks that the drafts name, by few set-based questions."""
        ...

    def write(self, outcome: Outcome) -> None:
        """Rows, keys, marks and the head. Raises `LogFull`, `LogStopped`."""
        ...

    def commit(self) -> None:
        """Durable when this returns. Raises `LogFull`, `LogStopped` for good after a failed sync, or `OutcomeUnknown`."""
        ...

    def roll_back(self) -> None:
        """End the transaction with nothing written. Never raises."""
        ...

    def positions(self, draft: Draft) -> tuple[Position, ...]:
        """Within the transaction: where the draft's events stand, if it was this very draft that put them there; else nothing."""
        ...

    def close(self) -> None: ...
