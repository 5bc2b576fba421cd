"""Customers: who they are by which evidence, what they are called, and with whom they are one person."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.responses import Response

from hub.app.identify import claim_key
from hub.app.kinds import CUSTOMER
from hub.app.ports import Release, Take
from hub.domain.customer.commands import LinkCustomers, NameCustomer, UnlinkCustomers, VerifyIdentity
from hub.domain.errors import NoSuchCustomer, NoSuchIdentity, SamePerson
from hub.domain.ids import CustomerId, StreamId
from hub.domain.letters import normalised
from hub.web.answers import AtLeast, reached, told
from hub.web.asked import Link, Name, Verify
from hub.web.complaint_shapes import shown_complaints
from hub.web.guard import Call, SignedIn, Writer
from hub.web.linking import both_streams
from hub.web.once import CommandRoute
from hub.web.performing import answered, known_customer, order
from hub.web.problems import Stop
from hub.web.shaping import only
from hub.web.told import Done, Row
from hub.web.told_customers import CustomerInfo, CustomerRows, IdentityInfo, LinkInfo, SuggestionInfo
from projections import complaints, customers, inbox
from projections.views import position

router = APIRouter(prefix="/api/v1/customers", tags=["customers"], route_class=CommandRoute)


@router.get("", response_model=CustomerRows)
async def find(call: SignedIn, q: Annotated[str, Query(max_length=200)] = "") -> Response:
    """Customers whose name or any address holds `q`."""
    if not q.strip():
        return told({"rows": []})

    def question(db: Any) -> list[dict[str, Any]]:
        found = customers.find(db, q)
        counts = inbox.counts_of(db, [row["id"] for row in found])
        return [{**row, "conversations": counts.get(row["id"], 0)} for row in found]

    return told({"rows": await call.desk.ask(question)})


@router.get("/{id}", response_model=CustomerInfo)
async def customer(call: SignedIn, id: UUID, at_least: AtLeast = None) -> Response:
    """One customer; the newest conversations and all complaints of everybody linked are included."""
    await reached(call.desk, at_least)
    shown = await call.desk.ask(lambda db: _shown(db, str(id), call))
    if shown is None:
        raise NoSuchCustomer
    return told(shown)


@router.post("/{id}/name", response_model=Done)
async def name(call: Writer, id: UUID, body: Name) -> Response:
    customer = await known_customer(call.desk, id)
    return answered(await order(call, customer, [NameCustomer(name=body.name)]))


@router.post("/{id}/identities/verify", response_model=Done)
async def verify(call: Writer, id: UUID, body: Verify) -> Response:
    """A colleague is sure that this address is the customer's (record rule 16)."""
    customer = await known_customer(call.desk, id)
    await _insist_on_identity(call, customer, body)
    stream = StreamId(customer)
    proven, claimed = (
        claim_key(call.desk.secrets, grade, body.channel, body.address) for grade in ("proven", "claimed")
    )
    command = VerifyIdentity(
        channel=body.channel, address=body.address, evidence="agent", why=f"confirmed by {call.person.role}"
    )
    claims = (Take(key=proven, stream=stream), Release(key=claimed, stream=stream))
    return answered(await order(call, customer, [command], claims=claims))


@router.post("/{id}/links", response_model=Done)
async def link(call: Writer, id: UUID, body: Link) -> Response:
    """These two are one person; nothing moves, and unlinking restores exactly who said what."""
    if id == body.other:
        raise SamePerson
    one, other = await known_customer(call.desk, id), await known_customer(call.desk, body.other)
    survivor = CustomerId(body.survivor)
    if survivor not in (one, other):
        raise Stop(422, "fields", fields=[{"field": "survivor", "message": "one of the two"}])
    here = LinkCustomers(customer=one, other=other, survivor=survivor, why=body.why)
    there = LinkCustomers(customer=other, other=one, survivor=survivor, why=body.why)
    return answered(await both_streams(call, (one, here), (other, there)))


@router.delete("/{id}/links/{other}", response_model=Done)
async def unlink(
    call: Writer, id: UUID, other: UUID, why: Annotated[str, Query(max_length=500)] = ""
) -> Response:
    one, two = await known_customer(call.desk, id), await known_customer(call.desk, other)
    here, there = UnlinkCustomers(other=two, why=why), UnlinkCustomers(other=one, why=why)
    return answered(await both_streams(call, (one, here), (two, there)))


def _shown(db: Any, id: str, call: Call) -> dict[str, Any] | None:
    known = customers.customer(db, id)
    if known is None:
        return None
    together = customers.circle(db, id)
    raised = [row for one in together for row in complaints.of_customer(db, one)]
    return {
        "position": position(db),
        **{name: known[name] for name in ("id", "name", "erased")},
        "identities": [only(IdentityInfo, row) for row in known["identities"]],
        "links": [only(LinkInfo, row) for row in known["links"]],
        "suggestions": [only(SuggestionInfo, row) for row in known["suggestions"]],
        "conversations": [only(Row, row) for row in inbox.of_customer(db, *together)],
        "conversations_in_all": sum(inbox.counts_of(db, together).values()),
        "complaints": shown_complaints(db, raised, call.person.role),
    }


async def _insist_on_identity(call: Call, customer: CustomerId, body: Verify) -> None:
    state = await call.desk.transactor.state(CUSTOMER, StreamId(customer))
    wanted = (body.channel, normalised(body.address))
    if not state.erased and wanted not in {(one.channel, one.address) for one in state.identities}:
        raise NoSuchIdentity
