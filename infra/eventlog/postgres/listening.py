"""Hearing of commits at once: NOTIFY is a hint and may be lost, the slow poll beside it is what one can rely on."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Final

import psycopg
from psycopg import AsyncConnection

from infra.eventlog.postgres import statements
from infra.eventlog.postgres.connecting import FIRST_PAUSE, LONGEST_PAUSE, NOTICE_LOSS

LISTEN: Final = f"LISTEN {statements.PUBLIC}"
log = logging.getLogger(__name__)


async def listen(url: str, tell: Callable[[int], None]) -> None:
    """For ever: `tell` each new head. A connection that ends is made again, and what it missed is looked up."""
    pause = FIRST_PAUSE
    while True:
        try:
            async with await AsyncConnection.connect(url, autocommit=True, **NOTICE_LOSS) as connection:
                await connection.execute(LISTEN)
                pause = FIRST_PAUSE
                await _hear(connection, tell)
        except psycopg.OperationalError as why:
            log.warning("No news from the database for now; looking every second instead: %s", why)
        await asyncio.sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE)


async def _hear(connection: AsyncConnection, tell: Callable[[int], None]) -> None:
    row = await (await connection.execute(statements.SELECT_HEAD)).fetchone()
    tell(row[0] if row else 0)
    async for notice in connection.notifies():
        if notice.payload.isdecimal():
            tell(int(notice.payload))
