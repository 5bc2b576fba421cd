"""The bus, where the settings name one: facts to the views of every process, and the relay that brings them there."""

from __future__ import annotations

import asyncio

from infra.bus import Bus, BusFollower
from infra.bus.connecting import check_sync
from infra.eventlog.opening import HubLog
from infra.settings import Settings


async def bus_of(settings: Settings, log: HubLog) -> Bus | None:
    """Raises `UnsafeStore` when the server says that it does not sync."""
    if not settings.nats_url:
        return None
    await asyncio.to_thread(check_sync, settings.nats_monitor_url)
    return Bus(settings.nats_url, log.workspace.hex, await log.incarnation())


def followed(log: HubLog, bus: Bus | None) -> HubLog | BusFollower:
    """What the views follow."""
    return BusFollower(log, bus) if bus else log
