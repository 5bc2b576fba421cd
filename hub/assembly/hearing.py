"""What a process on a shared database has to hear of the others.

Whom they erased, so that nothing of them is left here; which inboxes they began, so that their letters can be answered here.
"""

from __future__ import annotations

from collections.abc import Coroutine, Iterator
from functools import partial
from typing import Any, Final

from hub.assembly.house import House, remember
from hub.domain.account.events import AccountConnected
from hub.domain.customer.events import CustomerErased
from hub.domain.ids import StreamId
from hub.domain.vocabulary import NAMES

ERASED: Final = NAMES[CustomerErased]
REST_S: Final = 1.0
CONNECTED: Final = NAMES[AccountConnected]


def hearing(house: House) -> Iterator[Coroutine[Any, Any, None]]:
    """Nothing where one process has everything."""
    if not house.settings.database_url:
        return
    from infra.keys.postgres import PostgresKeys

    if isinstance(house.keys, PostgresKeys):
        yield house.keys.listen(house.log.codec.forget)
        yield forgetting(house)
        yield enduring(house)


async def forgetting(house: House) -> None:
    """Once the views show an erasure: drop the states of that page's customers."""
    with house.runner.listening() as ear:
        async for heard in ear:
            if ERASED not in heard.kinds:
                continue
            for customer in heard.customers:
                house.states.forget(StreamId(customer))


async def enduring(house: House) -> None:
    """A view that can't be asked just now ends no hub."""
    while True:
        await house.turns.endurance.once("inboxes", partial(learning, house), REST_S)


async def learning(house: House) -> None:
    """Once the views show that an account was connected: know its inbox. One may have begun before this listens."""
    with house.runner.listening() as ear:
        await remember(house)
        async for heard in ear:
            if CONNECTED in heard.kinds:
                await remember(house)
