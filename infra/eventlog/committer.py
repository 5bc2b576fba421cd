"""The group committer: whatever arrived while the last commit ran becomes the next one (record rules 8 and 9).

No timer. One writer thread does nothing but transactions; the event loop seals and queues meanwhile.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Sequence
from queue import SimpleQueue
from typing import Final, NamedTuple

from hub.app.ports import Answer, Appended, LogStopped
from infra.eventlog.batch import Draft, is_so, plan
from infra.eventlog.stopped import LogPaused
from infra.eventlog.store import OutcomeUnknown, Store

MOST_EVENTS: Final = 500
MOST_BYTES: Final = 256 * 1024
MOST_WAITING: Final = 4096
MOST_TRIES: Final = 5


class Waiting(NamedTuple):
    draft: Draft
    answer: asyncio.Future[Answer]


class Committer:
    """Belongs to the event loop it is made in. `landed` is called there with the head after each commit, before the answers."""

    def __init__(self, store: Store, landed: Callable[[int], None]) -> None:
        self._store = store
        self._landed = landed
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[Waiting] = deque()
        self._is_busy = self._is_nudged = False
        self._idle = asyncio.Event()
        self._idle.set()
        self._stopped: LogStopped | None = None
        self._batches: SimpleQueue[list[Waiting] | Callable[[], None] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._write_batches, name="log-writer", daemon=True)
        self._thread.start()

    async def commit(self, draft: Draft) -> Answer:
        """Wait for the draft's turn and for its commit. Raises `LogStopped`."""
        while len(self._waiting) >= MOST_WAITING and not self._stopped:
            await asyncio.wait([self._waiting[0].answer])
        if self._stopped:
            raise self._stopped
        answer: asyncio.Future[Answer] = self._loop.create_future()
        self._waiting.append(Waiting(draft, answer))
        self._idle.clear()
        self._nudge()
        return await answer

    async def between_batches(self, work: Callable[[], None]) -> None:
        """Run `work` in the writer thread while nothing is being committed."""
        done: asyncio.Future[None] = self._loop.create_future()

        def at_work() -> None:
            try:
                work()
            except Exception as failure:  # noqa: BLE001 - handed to whoever asked
                self._loop.call_soon_threadsafe(done.set_exception, failure)
            else:
                self._loop.call_soon_threadsafe(done.set_result, None)

        self._batches.put(at_work)
        await done

    async def close(self) -> None:
        """Refuse what comes from now on, finish what was queued, close the store."""
        self._stopped = self._stopped or LogStopped("The log is closed.")
        await self._idle.wait()
        self._batches.put(None)
        await asyncio.to_thread(self._thread.join)

    def _nudge(self) -> None:
        """Start after everybody who is ready just now has queued too."""
        if not self._is_busy and not self._is_nudged:
            self._is_nudged = True
            self._loop.call_soon(self._start)

    def _start(self) -> None:
        self._is_nudged = False
        if self._waiting and not self._is_busy:
            self._is_busy = True
            self._batches.put(next_batch(self._waiting))

    def _finish(self, batch: list[Waiting], head: int, result: Sequence[Answer] | LogStopped) -> None:
        """Answer the whole batch in one callback of the loop."""
        self._is_busy = False
        if isinstance(result, LogStopped):
            self._fail(batch, result)
        else:
            self._landed(head)
            for (_, future), answer in zip(batch, result, strict=True):
                if not future.done():
                    future.set_result(answer)
        self._go_on()

    def _go_on(self) -> None:
        if self._waiting:
            self._nudge()
        else:
            self._idle.set()

    def _fail(self, batch: list[Waiting], why: LogStopped) -> None:
        if not isinstance(why, LogPaused):
            self._stopped = why
            batch = [*batch, *self._waiting]
            self._waiting.clear()
        for _, future in batch:
            if not future.done():
                future.set_exception(why)

    # --- in the writer thread ---

    def _write_batches(self) -> None:
        while (batch := self._batches.get()) is not None:
            if callable(batch):
                batch()
                continue
            head, result = settled(self._store, [waiting.draft for waiting in batch])
            self._loop.call_soon_threadsafe(self._finish, batch, head, result)
        self._store.close()


def next_batch(waiting: deque[Waiting]) -> list[Waiting]:
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


def settled(store: Store, drafts: Sequence[Draft]) -> tuple[int, Sequence[Answer] | LogStopped]:
    """The head after it, and an answer for each draft, or why there is none."""
    try:
        return _settled(store, drafts)
    except LogStopped as stopped:
        return 0, stopped
    except Exception as unforeseen:  # noqa: BLE001 - whoever waits must be told, whatever it is
        return 0, LogStopped(f"The log stopped over an error nobody foresaw: {unforeseen!r}")


def _settled(store: Store, drafts: Sequence[Draft]) -> tuple[int, Sequence[Answer]]:
    for tried in range(MOST_TRIES):
        try:
            return _transaction(store, drafts, again=tried > 0)
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
