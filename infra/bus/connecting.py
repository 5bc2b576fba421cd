"""A line to NATS that comes back by itself, and the stream that facts of one log go through."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any, Final
from urllib.request import urlopen

import nats
from nats.errors import Error
from nats.js import JetStreamContext
from nats.js.api import RetentionPolicy, StorageType, StreamConfig
from nats.js.errors import NotFoundError

from infra.db import UnsafeStore

log = logging.getLogger("amends.bus")

KEPT_S: Final = 24 * 3600.0
"""Seconds that a block stays on the bus. Whoever comes later reads the log."""
MOST_BYTES: Final = 1 << 30
TWICE_WITHIN_S: Final = 120.0
"""Seconds in which the same block is taken once only."""
CONNECT_S: Final = 2
AWAY: Final = (Error, OSError, TimeoutError)
"""What says that NATS is not there just now."""


@dataclass(frozen=True, slots=True)
class Bus:
    """The stream of one log: its workspace, and its incarnation, so that blocks from before a restore are nobody's."""

    url: str
    workspace: str
    incarnation: str

    @property
    def stream(self) -> str:
        return f"AMENDS_{self.workspace}"

    @property
    def subject(self) -> str:
        return f"amends.{self.workspace}.{self.incarnation}"

    @asynccontextmanager
    async def connected(self, lost: Callable[[], object] = lambda: None) -> AsyncIterator[JetStreamContext]:
        """For as long as the line holds; the stream is made where it is missing. Raises one of `AWAY`.

        `lost` is called when the line broke.
        """

        async def closed() -> None:
            lost()

        async with asyncio.timeout(CONNECT_S):
            line = await nats.connect(
                self.url,
                connect_timeout=CONNECT_S,
                allow_reconnect=False,
                max_reconnect_attempts=1,  # else the first connection is tried for minutes
                reconnect_time_wait=0.1,
                error_cb=_noted,
                closed_cb=closed,
                name="amends",
            )
        try:
            jetstream = line.jetstream(timeout=CONNECT_S)
            await self._make_stream(jetstream)
            yield jetstream
        finally:
            with suppress(*AWAY):
                await line.close()

    async def _make_stream(self, jetstream: JetStreamContext) -> None:
        try:
            await jetstream.stream_info(self.stream)
        except NotFoundError:
            await jetstream.add_stream(
                StreamConfig(
                    name=self.stream,
                    subjects=[f"amends.{self.workspace}.*"],
                    retention=RetentionPolicy.LIMITS,
                    storage=StorageType.FILE,
                    max_age=KEPT_S,
                    max_bytes=MOST_BYTES,
                    duplicate_window=TWICE_WITHIN_S,
                )
            )


def check_sync(monitor_url: str) -> None:
    """Ask the server's monitoring port whether it syncs what it acknowledges. Raises `UnsafeStore` with the way out.

    A client can't ask. Blocks that NATS lost are read from the log, so this guards against work, not against loss.
    """
    if not monitor_url:
        log.warning(
            "set nats_monitor_url to have sync_interval checked; blocks that NATS loses are read from the log"
        )
        return
    try:
        with urlopen(f"{monitor_url}/varz", timeout=CONNECT_S) as answer:  # noqa: S310 - http, as the settings say
            told: dict[str, Any] = dict(json.load(answer))
    except (OSError, ValueError, TypeError, HTTPException) as away:
        log.warning("nats_monitor_url does not answer, so sync_interval is not checked: %s", away)
        return
    if not told.get("jetstream", {}).get("config", {}).get("sync_always"):
        raise UnsafeStore(
            "NATS acknowledges what it has not synced. Set `sync_interval: always` in its jetstream block, then start it again."
        )


def unless_cancelled() -> None:
    """To be called where a loop goes round: nats-py 2.16 swallows a cancellation that meets it while it writes to its socket."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


async def _noted(why: Exception) -> None:
    log.debug("nats: %s", why)
