"""The bus, where the settings name one: facts to the views of every process, and the relay that brings them there."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from infra.eventlog.opening import HubLog
from infra.settings import Settings

if TYPE_CHECKING:
    from infra.bus import Bus, BusFollower


async def bus_of(settings: Settings, log: HubLog) -> Bus | None:
    """Raises `UnsafeStore` when the server says that it does not sync."""
    if not settings.nats_url:
        return None
    from infra.bus import Bus
    from infra.bus.connecting import check_sync

    await asyncio.to_thread(check_sync, settings.nats_monitor_url)
    return Bus(settings.nats_url, log.workspace.hex, await log.incarnation())


def followed(log: HubLog, bus: Bus | None) -> HubLog | BusFollower:
    """What the views follow."""
    if bus is None:
        return log
    from infra.bus import BusFollower

    return BusFollower(log, bus)


async def relaying(settings: Settings, log: HubLog) -> None:
    """Bring facts to the bus, for ever."""
    from infra.bus import relay

    bus = await bus_of(settings, log)
    if bus is not None:
        await relay(log, bus)
