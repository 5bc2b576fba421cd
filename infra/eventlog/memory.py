"""The record in memory: the real codec and the real rules over plain dicts; for tests, and for trying things out."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from uuid import UUID, uuid4

from hub.app.ports import Answer, LogStopped, Recorded, Request
from hub.domain.ids import Position, StreamId
from infra.codec import Codec, KeyRing, MemoryRing, StoredRow, stamp
from infra.codec.envelopes import nonce_of
from infra.eventlog.batch import Draft, Outcome, Standing, nonces, places
from infra.eventlog.committer import settled
from infra.eventlog.drafting import sealed_all, with_keys
from infra.eventlog.log import microseconds
from infra.eventlog.news import News, followed


class MemoryStore:
    """A `Store` of lists and dicts. A transaction is kept aside until its commit."""

    def __init__(self, now: Callable[[], int]) -> None:
        self.standing = Standing()
        self.rows: list[StoredRow] = []
        self.by_stream: dict[StreamId, list[StoredRow]] = {}
        self._now = now
        self._recorded_at = 0
        self._pending: Outcome | None = None

    def begin(self) -> None: ...

    def load(self, drafts: Sequence[Draft]) -> Standing:
        return self.standing

    def write(self, outcome: Outcome) -> None:
        self._pending = outcome

    def commit(self) -> None:
        outcome, self._pending = self._pending, None
        if outcome is None:
            return
        self._recorded_at = max(self._now(), self._recorded_at)
        self._keep_rows(outcome)
        self.standing.position = outcome.position
        self.standing.versions.update(outcome.versions)
        self.standing.once.update(outcome.once)
        self.standing.marks.update(outcome.marks)
        self._keep_claims(outcome)

    def roll_back(self) -> None:
        self._pending = None

    def positions(self, draft: Draft) -> tuple[Position, ...]:
        rows = [self.by_stream.get(stream, [])[version - 1 : version] for stream, version in places(draft)]
        mine = all(
            row and nonce_of(row[0][4]) == nonce for row, nonce in zip(rows, nonces(draft), strict=True)
        )
        return tuple(Position(row[0][0]) for row in rows) if mine else ()

    def close(self) -> None: ...

    def _keep_rows(self, outcome: Outcome) -> None:
        mark = stamp(self._recorded_at)
        for position, stream, version, name, rest in outcome.rows:
            row = (position, stream.hex, version, name, mark + rest)
            self.rows.append(row)
            self.by_stream.setdefault(stream, []).append(row)

    def _keep_claims(self, outcome: Outcome) -> None:
        for key, stream in outcome.claims.items():
            self.standing.claims.pop(key, None)
            if stream is not None:
                self.standing.claims[key] = stream


class MemoryLog:
    """An `EventLog`. Without a ring, every stream and blob has a key until `log.ring.destroy(key_id)`."""

    def __init__(self, ring: KeyRing | None = None, *, now: Callable[[], int] = microseconds) -> None:
        self.ring: KeyRing = ring or MemoryRing()
        self.workspace: UUID = uuid4()
        self.codec = Codec(self.workspace, self.ring)
        self.store = MemoryStore(now)
        self._incarnation = uuid4().hex
        self._news = News()

    async def append(self, request: Request) -> Answer:
        return await with_keys(request, self._append, self.ring)

    async def _append(self, request: Request) -> Answer:
        head, result = settled(self.store, sealed_all(self.codec, [request]))
        if isinstance(result, LogStopped):
            raise result
        self._news.tell(head)
        return result[0]

    async def read_stream(
        self, stream: StreamId, *, after: int = 0, limit: int | None = None
    ) -> Sequence[Recorded]:
        rows = self.store.by_stream.get(stream, [])[after:]
        return [self.codec.open(row) for row in rows[:limit]]

    async def read_all(self, *, after: int = 0, limit: int = 1000) -> Sequence[Recorded]:
        return await self._page(after, limit)

    def follow(self, *, after: int = 0, limit: int = 1000) -> AsyncIterator[Sequence[Recorded]]:
        return followed(self._page, self._news, after, limit)

    async def head(self) -> Position:
        return Position(self.store.standing.position)

    async def version(self, stream: StreamId) -> int:
        return self.store.standing.versions.get(stream, 0)

    async def holder(self, key: bytes) -> StreamId | None:
        return self.store.standing.claims.get(key)

    async def claims_of(self, stream: StreamId) -> Sequence[bytes]:
        return sorted(key for key, holder in self.store.standing.claims.items() if holder == stream)

    async def seen(self, key: bytes) -> Position | None:
        found = self.store.standing.once.get(key)
        return None if found is None else Position(found)

    async def mark(self, name: str) -> str | None:
        return self.store.standing.marks.get(name)

    async def incarnation(self) -> str:
        return self._incarnation

    async def close(self) -> None: ...

    async def _page(self, after: int, limit: int) -> list[Recorded]:
        return [self.codec.open(row) for row in self.store.rows[after : after + limit]]
