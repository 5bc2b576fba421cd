"""Letters are read in warm worker processes without keys, files or sockets: a bad letter costs itself alone.

Wire: a 4-byte big-endian length and that many bytes, both ways. To the worker: msgpack of a list (`worker.Asked`).
From it: `R` when ready, then per letter `I` + msgpack of the `Incoming`, or `U` + the reason. Nothing that a
worker says is unpickled; its answer is decoded into the types of `hub.domain.letters` or refused.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from itertools import count as count_from
from types import TracebackType

import msgspec

from channels.email.answers import reason, understood
from channels.email.framing import receive, send
from hub.domain.letters import Incoming, Unreadable

READER = "channels.email.reading:read_letter"
MEMORY = 512 * 1024 * 1024
START_SECONDS = 60.0
"""A warm interpreter needs half a second; a starved machine may need long."""

EXPANSION = 12
"""An answer is at most this many times the letter, plus a megabyte: text is kept as text, as HTML and as new text."""

CHUNK = 1024 * 1024
COMMAND = "from channels.email.worker import serve; serve()"


@dataclass(slots=True)
class Worker:
    """One process and how many letters it has read."""

    process: Process
    letters: int = 0


class LetterReaders:
    """A pool of reading workers.

    >>> async with LetterReaders(count=2) as readers:
    ...     incoming = await readers.read(raw, trusted_authserv={"mx.shop.example"})
    """

    def __init__(  # noqa: PLR0913 - by name only, each with its usual value
        self,
        *,
        count: int = 2,
        warm: bool = True,
        deadline: float = 10.0,
        cpu_seconds: int = 5,
        recycle: int = 1_000,
        reader: str = READER,
        cleaner: str = "",
    ) -> None:
        """`warm`: start them at once, not each when a letter finds no free one.

        `deadline`: seconds per letter by our clock; `recycle`: letters per worker; `reader`, `cleaner`: module:function.
        """
        self._count, self._warm, self._deadline, self._recycle = count, warm, deadline, recycle
        self._arguments = [str(MEMORY), str(cpu_seconds), reader, cleaner]
        self._idle: asyncio.PriorityQueue[tuple[bool, int, Worker | None]] = asyncio.PriorityQueue()
        self._turns = count_from(1)
        self._all: set[Process] = set()
        self._renewals: set[asyncio.Task[None]] = set()
        self.busy = 0

    async def __aenter__(self) -> LetterReaders:
        if self._warm:
            await self._start_all()
        else:
            for _ in range(self._count):
                self._free(None)
        return self

    async def _start_all(self) -> None:
        try:
            for number, worker in enumerate(
                await asyncio.gather(*(self._start() for _ in range(self._count)))
            ):
                # Each starts with other mileage, so that they are not renewed at the same moment.
                worker.letters = number * self._recycle // self._count
                self._free(worker)
        except BaseException:
            await self.close()
            raise

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """End every worker and wait until they are gone."""
        for renewal in list(self._renewals):
            renewal.cancel()
        await asyncio.gather(*self._renewals, return_exceptions=True)
        for process in list(self._all):
            await self._end(process)

    @property
    def pids(self) -> tuple[int, ...]:
        """Process ids of the workers alive now."""
        return tuple(process.pid for process in self._all)

    async def read(
        self,
        raw: bytes,
        *,
        account: str = "",
        trusted_authserv: Collection[str] = frozenset(),
        our_domains: Collection[str] = frozenset(),
        harmless: bool = False,
    ) -> Incoming:
        """Read one letter in the next free worker; `harmless`: and let `cleaner` go over its HTML.

        Raises `Unreadable` when the letter can't be read, or took its worker down or past the deadline;
        `OSError` when no worker can be started (the letter is not to blame).
        """
        asked = msgspec.msgpack.encode(
            [raw, account, sorted(trusted_authserv), sorted(our_domains), harmless]
        )
        worker = await self._alive()
        fit = False
        self.busy += 1
        try:
            answer = understood(await self._ask(worker, asked, len(raw)))
            worker.letters += 1
            fit = worker.letters < self._recycle
        finally:
            # A reader given up midway would answer the next letter with this one: it goes, like one that broke.
            self.busy -= 1
            if fit:
                self._free(worker)
            else:
                self._renew(worker)
        if isinstance(answer, str):
            raise Unreadable(answer)
        return answer

    async def _alive(self) -> Worker:
        """The next free worker; one that died while it had nothing to read is replaced, and no letter pays for it."""
        while True:
            _, _, idle = await self._idle.get()
            worker = idle or await self._seated()
            if worker.process.returncode is None:
                return worker
            self._renew(worker)

    def _free(self, worker: Worker | None) -> None:
        """Next to be taken is who was busy last; an empty seat (None) only when nobody else is free."""
        self._idle.put_nowait((worker is None, -next(self._turns), worker))

    async def _seated(self) -> Worker:
        """A worker for an empty seat; a seat that can't be filled stays in the queue for the next letter."""
        try:
            return await self._start()
        except BaseException:
            self._free(None)
            raise

    def _renew(self, old: Worker) -> None:
        """End a worker and start the next in the background, while the others go on."""
        task = asyncio.ensure_future(self._replaced(old))
        self._renewals.add(task)
        task.add_done_callback(self._renewals.discard)

    async def _replaced(self, old: Worker) -> None:
        fresh: Worker | None = None
        try:
            await self._end(old.process)
            with suppress(OSError):
                fresh = await self._start()
        finally:
            self._free(fresh)

    async def _ask(self, worker: Worker, asked: bytes, size: int) -> bytes:
        """The worker's answer within the deadline."""
        try:
            async with asyncio.timeout(self._deadline):
                await send(worker.process, asked)
                return await receive(worker.process, size * EXPANSION + CHUNK)
        except TimeoutError:
            raise Unreadable(f"reading took longer than {self._deadline:g} s") from None
        except (EOFError, ConnectionError, ValueError) as gone:
            code = await self._end(worker.process)
            raise Unreadable(f"the reading worker ended: {reason(code, gone)}") from None

    async def _start(self) -> Worker:
        """A warm worker that said it is ready."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", COMMAND, *self._arguments, stdin=PIPE, stdout=PIPE, stderr=DEVNULL,
            env=environment(), limit=CHUNK, start_new_session=True,
        )  # fmt: skip
        self._all.add(process)
        try:
            async with asyncio.timeout(START_SECONDS):
                ready = await receive(process, CHUNK)
        except (TimeoutError, EOFError, ValueError, ConnectionError) as failed:
            code = await self._end(process)
            raise OSError(f"a reading worker does not start ({reason(code, failed)})") from failed
        if ready != b"R":
            raise OSError("a reading worker does not say that it is ready")
        return Worker(process)

    async def _end(self, process: Process) -> int:
        """Kill and reap; the exit code. SIGKILL ends a stopped process too.

        Not by `process.kill()`: that reaps one that has just died behind the event loop's back, and its exit code is lost.
        """
        with suppress(ProcessLookupError):
            if process.returncode is None:
                os.kill(process.pid, signal.SIGKILL)
        code = await process.wait()
        if process.stdin is not None:
            process.stdin.close()
        self._all.discard(process)
        return code


def environment() -> dict[str, str]:
    """Nothing of ours: no keys, no settings; only where the code is."""
    return {
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        "LANG": "C.UTF-8",
        "MALLOC_ARENA_MAX": "1",
    }
