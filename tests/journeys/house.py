"""A house in a folder of its own, for journeys that need no pages."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hub.app.arrivals import Arrival, Landed
from hub.app.intake import take_in
from hub.assembly.house import House, open_house
from hub.domain.letters import Location
from infra.settings import Settings, parse_settings

SUPPORT: Mapping[str, Any] = {
    "name": "support",
    "address": "care@shop.example",
    "trusted_authserv_ids": ["mx.shop.example"],
    "plus_addressing": True,
}


ELSEWHERE: dict[str, Any] = {}
"""Settings of every house of a test, such as another store."""


def settings_in(folder: Path, **more: Any) -> Settings:
    """The data folder and the master key beside each other, as far apart as a test needs."""
    written = {"data": "hub", "master_key_file": "master.key", "workspace": "journey", "mailbox": [SUPPORT]}
    return parse_settings(written | ELSEWHERE | more, {}, folder)


@asynccontextmanager
async def a_house(folder: Path, *, warm: bool = False, **more: Any) -> AsyncIterator[House]:
    """`warm`: with its reading workers at work."""
    async with open_house(settings_in(folder, **more), tell=lambda _: None, warm=warm) as house:
        yield house


async def deliver(house: House, raw: bytes, uid: int = 0, *, mailbox: str = "support") -> Landed:
    """One letter as the follower of a mailbox brings it (`uid` 0: from a pipe)."""
    place = Location(account=mailbox, folder="INBOX", validity=1, uid=uid) if uid else None
    inbox = await house.inbox_for(mailbox)
    return await take_in(
        house.walk, Arrival(inbox=inbox, raw=raw, received_at=datetime.now(UTC), location=place)
    )
