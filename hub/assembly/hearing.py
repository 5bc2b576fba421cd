"""What a process on a shared database has to hear of the others: whom they erased, so that nothing of them is left here."""

from __future__ import annotations

from collections.abc import Coroutine, Iterator
from typing import Any, Final

from hub.assembly.house import House
from hub.domain.ids import StreamId

ERASED: Final = "customer.erased.v1"


def hearing(house: House) -> Iterator[Coroutine[Any, Any, None]]:
    """Nothing where one process has everything."""
    if not house.settings.database_url:
        return
    from infra.keys.postgres import PostgresKeys

    if isinstance(house.keys, PostgresKeys):
        yield house.keys.listen(house.log.codec.forget)
        yield forgetting(house)


async def forgetting(house: House) -> None:
    """Once the views show an erasure: drop the states of that page's customers."""
    with house.runner.listening() as ear:
        async for heard in ear:
            if ERASED not in heard.kinds:
                continue
            for customer in heard.customers:
                house.states.forget(StreamId(customer))
