"""The log in PostgreSQL, as one writer sees it: a batch is one call of `log.append_1` (record rules 6, 8, 9).

Why a plan is made first and verified under the lock: `docs/decisions/0030-a-plan-is-verified-under-the-lock.md`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final

import psycopg

from hub.app.ports import Answer, LogStopped
from hub.domain.ids import Position, StreamId
from infra.eventlog.batch import Draft, Outcome, Standing, nonces, places, plan
from infra.eventlog.committer import Settled, settled
from infra.eventlog.postgres import statements
from infra.eventlog.postgres.believing import NOTHING, Belief, Reply, arguments, corrected, guess
from infra.eventlog.postgres.calling import call, prepare
from infra.eventlog.postgres.connecting import Line
from infra.eventlog.stopped import LogAway
from infra.eventlog.store import OutcomeUnknown

MOST_VERSIONS: Final = 200_000
TRIPS: Final = 2
"""Tries without the lock kept between them; the second knows what the first was told."""
BEGIN_TRIES: Final = 20
SERVER_CLOCK: Final = -1


class PostgresStore:
    """A `Store`. `now` gives µs since 1970, UTC; None: the server's clock. Only one thread may use it at a time."""

    def __init__(self, line: Line, now: Callable[[], int] | None = None) -> None:
        self._line = line
        self._now = now
        self._versions: dict[StreamId, int] = {}
        self._position = 0
        self._revision = -1
        self._belief = guess((), {}, 0)
        self._held: psycopg.Connection | None = None
        self._prepared: psycopg.Connection | None = None

    def at_once(self, drafts: Sequence[Draft]) -> tuple[int, Sequence[Answer]] | None:
        """In one round trip, two if something was not as expected; None when others keep getting in between.

        Raises `LogStopped`, and `OutcomeUnknown`.
        """
        connection = self._line.connection()
        belief = guess(drafts, self._versions, self._position)
        for _ in range(TRIPS):
            outcome = plan(drafts, belief.standing())
            with self._line.stopping(OutcomeUnknown):
                reply = self._append(connection, belief, outcome)
            if reply.is_so:
                self._remember(belief, outcome, reply)
                return _answered(drafts, belief, outcome, reply)
            belief = corrected(belief, reply)
        return None

    # --- step by step, with the lock kept in between ---

    def begin(self) -> None:
        self._forget()
        for tried in range(BEGIN_TRIES):
            time.sleep(
                min(1.0, 0.01 * 2**tried) if tried else 0
            )  # a server that is just going down, or coming up
            self._held = self._line.connection()
            with suppress(OutcomeUnknown), self._line.stopping(OutcomeUnknown):  # nothing was asked for yet
                self._held.execute("BEGIN")
                self._held.execute(statements.LOCK_HEAD)
                return
        raise LogAway("The database drops every connection. Check it; the log then goes on by itself.")

    def load(self, drafts: Sequence[Draft]) -> Standing:
        belief = guess(drafts, {}, 0)
        with self._line.stopping(OutcomeUnknown):
            reply = self._append(self._transaction(), belief, NOTHING)
        self._belief = corrected(belief, reply)
        return self._belief.standing()

    def write(self, outcome: Outcome) -> None:
        with self._line.stopping(OutcomeUnknown):
            reply = self._append(self._transaction(), self._belief, outcome)
        if not reply.is_so:
            raise LogStopped("Somebody writes to the log's tables by hand. End that, then start again.")

    def commit(self) -> None:
        with self._line.stopping(OutcomeUnknown):
            self._transaction().execute("COMMIT")
        self._held = None

    def roll_back(self) -> None:
        self._forget()
        held, self._held = self._held, None
        with suppress(OutcomeUnknown, LogStopped), self._line.stopping(OutcomeUnknown):
            if held is not None and not held.closed:
                held.execute("ROLLBACK")

    def positions(self, draft: Draft) -> tuple[Position, ...]:
        asked = places(draft)
        streams, versions = [stream for stream, _ in asked], [version for _, version in asked]
        with self._line.stopping(OutcomeUnknown):
            found = self._transaction().execute(statements.SELECT_PLACES, (streams, versions)).fetchall()
        mine = [bytes(nonce) for _, nonce in found] == nonces(draft)
        return tuple(Position(row[0]) for row in found) if mine else ()

    def close(self) -> None:
        self._line.drop()

    def _transaction(self) -> psycopg.Connection:
        """The connection that `begin` took the lock on, and no other: a new one would know nothing of it."""
        if self._held is None:
            raise OutcomeUnknown
        return self._held

    def _append(self, connection: psycopg.Connection, belief: Belief, outcome: Outcome) -> Reply:
        if connection is not self._prepared:
            prepare(connection)
            self._prepared = connection
        moment = self._now() if self._now else SERVER_CLOCK
        return call(connection, arguments(belief, outcome, self._revision, moment))

    def _remember(self, belief: Belief, outcome: Outcome, reply: Reply) -> None:
        """All of the belief was found to be so; what was remembered beside it only when nobody else wrote."""
        if reply.revision != self._revision or len(self._versions) > MOST_VERSIONS:
            self._versions.clear()
        self._versions |= belief.versions | outcome.versions
        self._revision = reply.revision + (not outcome.is_empty)
        self._position = reply.position + len(outcome.rows)

    def _forget(self) -> None:
        self._versions.clear()
        self._revision = -1


def settle(store: PostgresStore, drafts: Sequence[Draft]) -> Settled:
    """The head after the batch, and an answer for each draft, or why there is none."""
    try:
        done = store.at_once(drafts)
    except OutcomeUnknown:
        return settled(store, drafts, again=True)
    except LogStopped as stopped:
        return 0, stopped
    except Exception as unforeseen:  # noqa: BLE001 - whoever waits must be told, whatever it is
        return 0, LogStopped(f"The log stopped over an error nobody foresaw: {unforeseen!r}")
    return done or settled(store, drafts)


def _answered(
    drafts: Sequence[Draft], belief: Belief, outcome: Outcome, reply: Reply
) -> tuple[int, Sequence[Answer]]:
    """Where the head had moved meanwhile, the same plan from there gives the right positions."""
    if reply.position != belief.position:
        standing = belief.standing()
        standing.position = reply.position
        outcome = plan(drafts, standing)
    return outcome.position, outcome.answers
