"""How a letter ends that is no new message: known already, a report on a letter of ours, our own echo, or parked."""

from __future__ import annotations

from typing import Literal

from hub.app.arrivals import Arrival, Landed, Letter, OnceKeys
from hub.app.ports import Recorded
from hub.app.touchpoints import echo, parking
from hub.app.walk import Walk
from hub.domain.conversation.commands import RecordBounce, SeeAgain
from hub.domain.conversation.events import MessageReceived
from hub.domain.errors import CustomerErased, Refusal
from hub.domain.ids import AccountId, BlobId, CustomerId, Position
from hub.domain.letters import normalised


async def seen_again(walk: Walk, arrival: Arrival, keys: OnceKeys, position: Position) -> Landed:
    """The bytes are on record at `position`; only a new place of them is worth a fact (record rule 12)."""
    first = await _touchpoint(walk, position)
    if first is None or not isinstance(first.event, MessageReceived):
        return Landed(ending="known", position=position)
    known = _landed_at(first, first.event, "known", position)
    place = arrival.location
    if place is None or await walk.log.seen(keys.delivery) is not None:
        return known
    again = SeeAgain(
        message=first.event.message,
        account=AccountId(arrival.inbox.account),
        folder=place.folder,
        validity=place.validity,
        uid=place.uid,
    )
    envelope = walk.envelope(keys, cause=first.position)
    try:
        done = await walk.note(again, CustomerId(first.stream), (keys.delivery,), envelope)
    except CustomerErased:
        return known
    return _landed_at(first, first.event, "seen again", done.position)


async def report(walk: Walk, letter: Letter) -> Landed | None:
    """A delivery report about a letter of ours becomes a fact of that letter; any other is a message like any."""
    bounce = letter.read.bounce
    hit = await walk.letter_of_ours(bounce.original_ids) if bounce else None
    if not bounce or not hit:
        return None
    command = RecordBounce(
        message=hit.message,
        conversation=hit.conversation,
        permanent=bounce.permanent,
        report=letter.raw,
        recipients=bounce.recipients,
        diagnostic=bounce.diagnostic,
    )
    envelope = walk.envelope(letter.keys, cause=letter.cause)
    try:
        done = await walk.note(command, hit.customer, letter.keys.all, envelope)
    except Refusal:
        return None
    return Landed(
        ending="bounce", position=done.position, customer=hit.customer, conversation=hit.conversation
    )


async def own_echo(walk: Walk, letter: Letter) -> Landed | None:
    """Our own letter, come back: sender and Message-ID are both ours. It answers nobody and is told to nobody."""
    ours = letter.sender == normalised(letter.arrival.inbox.address.address)
    reference = letter.read.native_id
    if not (ours and reference and await walk.letter_of_ours([reference])):
        return None
    return await walk.file(letter.arrival, letter.keys, echo(letter.arrival, letter.raw, letter.read), "echo")


async def park(walk: Walk, arrival: Arrival, keys: OnceKeys, raw: BlobId, why: str) -> Landed:
    """Kept as it came, where a person sees it (record rule 14)."""
    return await walk.file(arrival, keys, parking(arrival, raw, why), "parked")


async def _touchpoint(walk: Walk, position: Position) -> Recorded | None:
    """The message in the append that begins at `position`, if it holds one."""
    page = await walk.log.read_all(after=position - 1, limit=8)
    same = [fact for fact in page if fact.envelope.command == page[0].envelope.command]
    return next((fact for fact in same if isinstance(fact.event, MessageReceived)), None)


def _landed_at(
    first: Recorded, heard: MessageReceived, ending: Literal["known", "seen again"], position: Position
) -> Landed:
    return Landed(
        ending=ending,
        position=position,
        customer=CustomerId(first.stream),
        conversation=heard.conversation,
        message=heard.message,
    )
