"""Where a letter to an address belongs: its proven home, else its claimed one, else a customer who begins with it (record rule 15)."""

from __future__ import annotations

from dataclasses import dataclass

from hub.app.identify import claim_key
from hub.app.intake import survivor
from hub.app.kinds import CUSTOMER
from hub.app.ports import Take
from hub.domain.customer.commands import OpenCustomer
from hub.domain.ids import CustomerId, StreamId
from hub.domain.letters import Address
from hub.web.guard import Call
from hub.web.performing import known_customer, made


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """`opening` and `claims`: what a new customer begins with."""

    customer: CustomerId
    opening: tuple[OpenCustomer, ...] = ()
    claims: tuple[Take, ...] = ()


async def home_of(call: Call, address: Address, named: CustomerId | None) -> Found:
    """The customer whom the colleague named, or the one at this address, or a new one."""
    if named is not None:
        return Found(customer=await _survivor(call, await known_customer(call.desk, named)))
    keys = [claim_key(call.desk.secrets, grade, "email", address.address) for grade in ("proven", "claimed")]
    for key in keys:
        if (holder := await call.desk.log.holder(key)) is not None:
            return Found(customer=await _survivor(call, CustomerId(holder)))
    customer = CustomerId(made(call, "customer"))
    await call.desk.keys.ensure(StreamId(customer))
    opening = OpenCustomer(
        channel="email", name=address.name, address=address.address, evidence="agent", verified=False
    )
    return Found(
        customer=customer, opening=(opening,), claims=(Take(key=keys[1], stream=StreamId(customer)),)
    )


async def _survivor(call: Call, customer: CustomerId) -> CustomerId:
    """Where a linked customer's new conversations begin."""
    return survivor(customer, await call.desk.transactor.state(CUSTOMER, StreamId(customer)))
