"""The walk of a letter from its source into the record: keep, read, find its home and place, append, and only then settle.

Whatever happens on the way, the letter ends as a message, as a report on a letter of ours, or parked where a person sees it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Final

from hub.app.arrivals import Arrival, Landed, Letter, OnceKeys, conversation_id, message_id, once_keys
from hub.app.endings import own_echo, park, report, seen_again
from hub.app.identify import Home, find_home
from hub.app.kinds import CUSTOMER
from hub.app.placing import Place, by_reference, by_token, named, somewhere_new
from hub.app.ports import AlreadyDone, Take
from hub.app.recent import Ticket
from hub.app.touchpoints import opening, touchpoint
from hub.app.traces import span
from hub.app.transact import ClaimTaken, Plan
from hub.app.walk import Walk
from hub.domain.conversation.commands import MarkSpam, ReceiveMessage
from hub.domain.conversation.events import MessageReceived
from hub.domain.customer.decisions import decide
from hub.domain.customer.state import CustomerState, fold
from hub.domain.errors import CustomerErased
from hub.domain.ids import BlobId, CustomerId, Position, StreamId
from hub.domain.letters import Incoming, Unreadable
from hub.domain.vocabulary import Actor

TRIES: Final = 20
"""How often a letter looks for its home again after another letter took the address first."""

CONTESTED: Final = "its sender's address was contested for too long"


async def take_in(walk: Walk, arrival: Arrival) -> Landed:
    """Put one letter on record; when this returns, its source may be told. Raises `LogStopped`."""
    with span("letter.take_in", bytes=len(arrival.raw)) as step:
        landed = await _take_in(walk, arrival)
        step.note(ending=landed.ending, position=landed.position)
        return landed


async def _take_in(walk: Walk, arrival: Arrival) -> Landed:
    with walk.recent.line(arrival.inbox.account) as ticket:
        keys = once_keys(arrival, walk.secrets, walk.fingerprint)
        position = await walk.log.seen(keys.letter)
        if position is not None:
            return await seen_again(walk, arrival, keys, position)
        (raw,), read = await asyncio.gather(walk.vault.keep([arrival.raw]), _read(walk, arrival))
        if isinstance(read, Unreadable):
            return await park(walk, arrival, keys, raw, str(read))
        return await _hear(walk, Letter(arrival=arrival, keys=keys, raw=raw, read=read), ticket)


async def read_again(walk: Walk, arrival: Arrival, raw: BlobId, parked: Position) -> Landed:
    """A parked letter becomes the message it is, caused by its parking (record rule 14). Raises `Unreadable`."""
    read = await _read(walk, arrival)
    if isinstance(read, Unreadable):
        raise read
    keys = OnceKeys(letter=walk.secrets.keyed("read again", raw), delivery=b"")
    letter = Letter(arrival=arrival, keys=keys, raw=raw, read=read, cause=parked)
    with walk.recent.line(raw) as ticket:
        return await _hear(walk, letter, ticket)


async def _read(walk: Walk, arrival: Arrival) -> Incoming | Unreadable:
    try:
        return arrival.read or await walk.readers.read(arrival.raw, account=arrival.inbox.name)
    except Unreadable as unreadable:
        return unreadable


async def _hear(walk: Walk, letter: Letter, ticket: Ticket) -> Landed:
    """One letter of a sender at a time, after the views know the one before; an answer after all that came before it."""
    if named(letter.read):
        await ticket.after_earlier()
    async with walk.recent.turn(letter.sender, ticket):
        await walk.views.reached(walk.recent.position(letter.sender))
        landed = await report(walk, letter) or await own_echo(walk, letter) or await _message(walk, letter)
        walk.recent.landed(letter.sender, landed.position)
        return landed


async def _message(walk: Walk, letter: Letter) -> Landed:
    for tried in range(TRIES):
        try:
            return await _record(walk, letter, *await _where(walk, letter.read, threads=tried < TRIES // 2))
        except (ClaimTaken, CustomerErased):
            continue
    return await park(walk, letter.arrival, letter.keys, letter.raw, CONTESTED)


async def _where(walk: Walk, read: Incoming, *, threads: bool) -> tuple[Home, Place]:
    """`threads` is off once what they name may be an erased customer's."""
    home = await find_home(read, walk.log, walk.secrets)
    known = CustomerState() if home.is_new else await walk.transactor.state(CUSTOMER, StreamId(home.customer))
    place = await _in_a_thread(walk, read, home, known) if threads else None
    return home, place or somewhere_new(home, survivor(home.customer, known))


async def _in_a_thread(walk: Walk, read: Incoming, home: Home, known: CustomerState) -> Place | None:
    """Links open other streams only to a sender whom our own server vouches for."""
    same = {home.customer, *(known.links if home.grade == "proven" else ())}
    token = await by_token(read, walk.addressing, walk.threads)
    return token or await by_reference(read, home, same, walk.threads)


async def _record(walk: Walk, letter: Letter, home: Home, place: Place) -> Landed:
    conversation = place.conversation or conversation_id(walk.secrets, letter.keys)
    message = message_id(walk.secrets, letter.keys)
    heard = touchpoint(letter, message, conversation, place, home)
    heard = replace(heard, same_id_other_bytes=await _id_known(walk, letter.read, place.customer))
    opens = home if home.is_new and home.customer == place.customer else None
    await walk.keys.ensure(StreamId(place.customer))
    envelope = walk.envelope(letter.keys, Actor(kind="customer", id=str(place.customer)), letter.cause)
    decided = partial(_plan, walk, letter, heard, opens)
    items = (place.conversation,) if place.conversation else ()  # a new one has not closed yet
    done = await walk.transactor.transact(CUSTOMER, StreamId(place.customer), decided, envelope, items=items)
    if isinstance(done.answer, AlreadyDone):
        seen = await walk.log.seen(letter.keys.letter)
        return await seen_again(walk, letter.arrival, letter.keys, done.position if seen is None else seen)
    return _recorded(done.position, place.customer, heard)


def _plan(
    walk: Walk, letter: Letter, heard: MessageReceived, opens: Home | None, state: CustomerState
) -> Plan:
    begun = opening(opens, letter.read) if opens else []
    events = _decided(walk, heard, letter.arrival.spam, fold(begun, state))
    claims = (Take(key=opens.claim, stream=StreamId(opens.customer)),) if opens and opens.claim else ()
    return Plan(events=(*begun, *events), once=letter.keys.all, claims=claims)


def _decided(walk: Walk, heard: MessageReceived, spam: str, state: CustomerState) -> Sequence[object]:
    now = walk.clock()
    events = decide(ReceiveMessage(message=heard), state, now)
    if not spam:
        return events
    return [*events, *decide(MarkSpam(conversation=heard.conversation, why=spam), fold(events, state), now)]


async def _id_known(walk: Walk, read: Incoming, customer: CustomerId) -> bool:
    """Whether this customer wrote another letter under the same Message-ID."""
    hits = await walk.threads.by_references([read.native_id]) if read.native_id else ()
    return any(hit.customer == customer for hit in hits)


def _recorded(position: Position, customer: CustomerId, heard: MessageReceived) -> Landed:
    return Landed(
        ending="recorded",
        position=position,
        customer=customer,
        conversation=heard.conversation,
        message=heard.message,
    )


def survivor(customer: CustomerId, state: CustomerState) -> CustomerId:
    """Where a linked customer's new conversations begin."""
    return next(iter(state.links.values()), customer)
