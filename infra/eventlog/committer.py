"""The group committer: whatever arrived while the last commit ran becomes the next one (record rules 8 and 9).

No timer. One writer thread takes what waits as soon as it is free, seals it and commits it; the event loop only queues and
answers (why: `docs/decisions/0005-the-writer-takes-the-next-batch.md`).
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from functools import partial
from queue import SimpleQueue
from typing import Final, NamedTuple, TypeVar

from hub.app.ports import Answer, Appended, LogStopped, Request
from infra.eventlog.batch import Draft, is_so, plan
from infra.eventlog.drafting import Seal
from infra.eventlog.stopped import LogPaused
from infra.eventlog.store import OutcomeUnknown, Store

MOST_EVENTS: Final = 500
MOST_BYTES: Final = 256 * 1024
MOST_WAITING: Final = 4096
MOST_TRIES: Final = 5


S = TypeVar("S", bound=Store)
Settled = tuple[int, Sequence[Answer] | LogStopped]
Settle = Callable[[S, Sequence[Draft]], Settled]
"""The head after a batch, and an answer for each draft, or why there is none."""


class Waiting(NamedTuple):
    request: Request
    answer: asyncio.Future[Answer]


class Ready(NamedTuple):
    draft: Draft
    answer: asyncio.Future[Answer]


class Committer:
    """Belongs to the event loop it is made in. `landed` is called there with the head after each commit, before the answers.

    The writer thread takes from the front of `_waiting` by itself, so that it works while the loop queues more;
    the loop appends at the end and wakes it when it had found nothing to do.
    """

    def __init__(
        self, store: S, seal: Seal, landed: Callable[[int], None], settle: Settle[S] | None = None
    ) -> None:
        self._store = store
        self._seal = seal
        self._settle = partial(settle or settled, store)
        self._landed = landed
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[Waiting] = deque()
        self._unanswered = 0
        self._answered = asyncio.Event()
        self._is_awake = self._is_closing = False
        self._stopped: LogStopped | None = None
        self._calls: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._write, name="log-writer", daemon=True)
        self._thread.start()

    async def commit(self, request: Request) -> Answer:
        """Wait for the request's turn and for its commit. Raises `LogStopped`, and why it can't be sealed."""
        while self._unanswered >= MOST_WAITING:
            await self._answered.wait()
        if self._stopped or self._is_closing:
            raise self._stopped or LogStopped("The log is closed.")
        answer: asyncio.Future[Answer] = self._loop.create_future()
        self._unanswered += 1
        self._waiting.append(Waiting(request, answer))
        if not self._is_awake:
            self._is_awake = True
            self._calls.put(self._commit_batches)
        return await answer

    async def between_batches(self, work: Callable[[], None]) -> None:
        """Run `work` in the writer thread while nothing is being committed."""
        done: Future[None] = Future()

        def at_work() -> None:
            try:
                work()
            except Exception as failure:  # noqa: BLE001 - handed to whoever asked
                done.set_exception(failure)
            else:
                done.set_result(None)

        self._calls.put(at_work)
        await asyncio.wrap_future(done)

    async def close(self) -> None:
        """Refuse what comes from now on, finish what was queued, close the store."""
        self._is_closing = True
        while self._unanswered:
            await self._answered.wait()
        self._calls.put(None)
        await asyncio.to_thread(self._thread.join)

    def _finish(self, batch: list[Ready], head: int, result: Sequence[Answer] | LogStopped) -> None:
        """Answer the whole batch in one callback of the loop."""
        if isinstance(result, LogStopped):
            self._refuse([(future, result) for _, future in batch])
            return
        self._landed(head)
        for (_, future), answer in zip(batch, result, strict=True):
            if not future.done():
                future.set_result(answer)
        self._count_down(len(batch))

    def _refuse(self, refused: list[tuple[asyncio.Future[Answer], Exception]]) -> None:
        if self._stopped:  # the writer takes no more, so nobody else would answer those behind
            refused += [(answer, self._stopped) for _, answer in self._waiting]
            self._waiting.clear()
        for future, why in refused:
            if not future.done():
                future.set_exception(why)
        self._count_down(len(refused))

    def _count_down(self, answered: int) -> None:
        self._unanswered -= answered
        self._answered.set()
        self._answered = asyncio.Event()

    # --- in the writer thread ---

    def _write(self) -> None:
        while (call := self._calls.get()) is not None:
            call()
        self._store.close()

    def _commit_batches(self) -> None:
        while self._waiting and not self._stopped:
            ready = self._sealed(taken(self._waiting))
            while ready:
                batch = next_batch(ready)
                head, result = self._settle([one.draft for one in batch])
                if isinstance(result, LogStopped) and not isinstance(result, LogPaused):
                    self._stopped = result
                    batch += ready
                    ready.clear()
                self._loop.call_soon_threadsafe(self._finish, batch, head, result)
            if not self._waiting:
                # From here on whoever comes wakes us; who came just before is seen by the loop above.
                self._is_awake = False

    def _sealed(self, batch: list[Waiting]) -> deque[Ready]:
        """Those that could be sealed; the others are answered."""
        sealed = self._seal([request for request, _ in batch])
        ready, refused = deque[Ready](), []
        for (_, answer), draft in zip(batch, sealed, strict=True):
            if isinstance(draft, Exception):
                refused.append((answer, draft))
            else:
                ready.append(Ready(draft, answer))
        if refused:
            self._loop.call_soon_threadsafe(self._refuse, refused)
        return ready


def taken(waiting: deque[Waiting]) -> list[Waiting]:
    """From the front of the queue, about as many events as one transaction takes; at least one request."""
    batch, events = [waiting.popleft()], 0
    while waiting and events < MOST_EVENTS:
        events += sum([len(write.events) for write in batch[-1].request.writes]) or 1
        batch.append(waiting.popleft())
    return batch


def next_batch(waiting: deque[Ready]) -> list[Ready]:
    """From the front of the queue, as much as one transaction takes; at least one."""
    batch = [waiting.popleft()]
    events, size = weight(batch[0].draft)
    while waiting:
        more_events, more_bytes = weight(waiting[0].draft)
        events, size = events + more_events, size + more_bytes
        if events > MOST_EVENTS or size > MOST_BYTES:
            break
        batch.append(waiting.popleft())
    return batch


def weight(draft: Draft) -> tuple[int, int]:
    """Events (a request without any counts as one) and bytes."""
    return max(1, sum(map(len, draft.bodies))), draft.size


def settled(store: Store, drafts: Sequence[Draft], *, again: bool = False) -> Settled:
    """Take the batch through transactions. `again`: an earlier try may have gone through."""
    try:
        return _settled(store, drafts, again=again)
    except LogStopped as stopped:
        return 0, stopped
    except Exception as unforeseen:  # noqa: BLE001 - whoever waits must be told, whatever it is
        return 0, LogStopped(f"The log stopped over an error nobody foresaw: {unforeseen!r}")


def _settled(store: Store, drafts: Sequence[Draft], *, again: bool) -> tuple[int, Sequence[Answer]]:
    for tried in range(MOST_TRIES):
        try:
            return _transaction(store, drafts, again=again or tried > 0)
        except OutcomeUnknown:
            continue
    raise LogStopped("The database does not say whether it commits. Check it, then start again.")


def _transaction(store: Store, drafts: Sequence[Draft], *, again: bool) -> tuple[int, Sequence[Answer]]:
    """`again`: the first try may have gone through, so look for each draft before appending it anew (record rule 9)."""
    try:
        store.begin()
        found = {nth: found for nth, draft in enumerate(drafts) if again and (found := _found(store, draft))}
        rest = [draft for nth, draft in enumerate(drafts) if nth not in found]
        outcome = plan(rest, store.load(rest))
        if not outcome.is_empty:
            store.write(outcome)
        store.commit()
    except BaseException:
        store.roll_back()
        raise
    fresh = iter(outcome.answers)
    return outcome.position, [found[nth] if nth in found else next(fresh) for nth in range(len(drafts))]


def _found(store: Store, draft: Draft) -> Answer | None:
    if any(draft.bodies):
        positions = store.positions(draft)
        return Appended(positions=positions) if positions else None
    return Appended(positions=()) if is_so(draft.request, store.load([draft])) else None
