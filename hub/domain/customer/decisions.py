"""What may happen in a customer's stream. `decide` is the one door: it turns any command of the stream into events."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final, assert_never, cast, get_args

from hub.domain.complaint import decisions as complaint
from hub.domain.complaint.commands import ComplaintCommand
from hub.domain.conversation import decisions as conversation
from hub.domain.conversation import letters_out
from hub.domain.conversation.commands import LetterCommand, TalkCommand
from hub.domain.customer.commands import (
    ClaimIdentity,
    EraseCustomer,
    LinkCustomers,
    NameCustomer,
    OpenCustomer,
    PersonCommand,
    SuggestLink,
    UnlinkCustomers,
    VerifyIdentity,
    ViewRecord,
)
from hub.domain.customer.events import (
    CustomerErased,
    CustomerEvent,
    CustomerNamed,
    CustomerOpened,
    CustomersLinked,
    CustomersUnlinked,
    IdentityClaimed,
    IdentityVerified,
    LinkSuggested,
    RecordViewed,
)
from hub.domain.customer.state import CustomerState, evolve
from hub.domain.errors import CustomerErased as AlreadyErased
from hub.domain.errors import NoSuchCustomer, NothingToSay, NotLinked, SamePerson
from hub.domain.events import StreamEvent
from hub.domain.letters import normalised

Command = PersonCommand | TalkCommand | LetterCommand | ComplaintCommand
"""Every order that a customer's stream understands."""

_TALK: Final = frozenset(get_args(TalkCommand))
_LETTER: Final = frozenset(get_args(LetterCommand))
_COMPLAINT: Final = frozenset(get_args(ComplaintCommand))


def decide(command: Command, state: CustomerState, now: datetime) -> list[StreamEvent]:
    """The events that `command` leads to; [] means already so. Raises a `Refusal`.

    An erased customer refuses everything but to be erased (record rule 19).
    """
    if state.erased:
        return _after_erasure(command)
    if not state.opened and not isinstance(command, OpenCustomer):
        raise NoSuchCustomer
    return list(_events(command, state, now))


def decide_all(commands: Iterable[Command], state: CustomerState, now: datetime) -> list[StreamEvent]:
    """The events of several commands, each deciding on what those before it led to; all or nothing."""
    events: list[StreamEvent] = []
    for command in commands:
        decided = decide(command, state, now)
        events += decided
        for event in decided:
            state = evolve(state, event)
    return events


def _after_erasure(command: Command) -> list[StreamEvent]:
    if isinstance(command, EraseCustomer):
        return []
    raise AlreadyErased


def _events(command: Command, state: CustomerState, now: datetime) -> Sequence[StreamEvent]:
    kind = type(command)
    if kind in _TALK:
        return conversation.decide(cast(TalkCommand, command), state, now)
    if kind in _LETTER:
        return letters_out.decide(cast(LetterCommand, command), state, now)
    if kind in _COMPLAINT:
        return complaint.decide(cast(ComplaintCommand, command), state, now)
    return _about_the_person(cast(PersonCommand, command), state)


def _about_the_person(command: PersonCommand, state: CustomerState) -> Sequence[CustomerEvent]:
    match command:
        case OpenCustomer():
            return open_customer(command, state)
        case ClaimIdentity():
            return claim_identity(command, state)
        case VerifyIdentity():
            return verify_identity(command, state)
        case NameCustomer():
            return name_customer(command, state)
        case SuggestLink():
            return suggest_link(command, state)
        case LinkCustomers():
            return link(command, state)
        case UnlinkCustomers():
            return unlink(command, state)
        case ViewRecord(what=what, as_of=as_of):
            return [RecordViewed(what=what, as_of=as_of)]
        case EraseCustomer(reason=reason):
            return [CustomerErased(reason=reason)]
        case _:
            assert_never(command)


def open_customer(command: OpenCustomer, state: CustomerState) -> Sequence[CustomerEvent]:
    """A touchpoint without an address (a letter that names no sender) opens a customer without an identity."""
    if state.opened:
        return []
    opened = CustomerOpened(channel=command.channel, name=command.name)
    if not command.address:
        return [opened]
    if command.verified:
        return [opened, _verified(command)]
    claimed = IdentityClaimed(channel=command.channel, address=command.address, evidence=command.evidence)
    return [opened, claimed]


def claim_identity(command: ClaimIdentity, state: CustomerState) -> Sequence[CustomerEvent]:
    if _knows(state, command.channel, command.address, verified=False):
        return []
    return [IdentityClaimed(channel=command.channel, address=command.address, evidence=command.evidence)]


def verify_identity(command: VerifyIdentity, state: CustomerState) -> Sequence[CustomerEvent]:
    if _knows(state, command.channel, command.address, verified=True):
        return []
    return [_verified(command)]


def name_customer(command: NameCustomer, state: CustomerState) -> Sequence[CustomerEvent]:
    if not command.name.strip():
        raise NothingToSay
    return [] if state.name == command.name else [CustomerNamed(name=command.name)]


def suggest_link(command: SuggestLink, state: CustomerState) -> Sequence[CustomerEvent]:
    if command.other in state.links or command.other in state.suggestions:
        return []
    return [LinkSuggested(other=command.other, why=command.why)]


def link(command: LinkCustomers, state: CustomerState) -> Sequence[CustomerEvent]:
    if command.customer == command.other:
        raise SamePerson
    if state.links.get(command.other) == command.survivor:
        return []
    return [CustomersLinked(other=command.other, survivor=command.survivor, why=command.why)]


def unlink(command: UnlinkCustomers, state: CustomerState) -> Sequence[CustomerEvent]:
    if command.other not in state.links:
        raise NotLinked
    return [CustomersUnlinked(other=command.other, why=command.why)]


def _verified(command: OpenCustomer | VerifyIdentity) -> IdentityVerified:
    return IdentityVerified(
        channel=command.channel, address=command.address, evidence=command.evidence, why=command.why
    )


def _knows(state: CustomerState, channel: str, address: str, *, verified: bool) -> bool:
    """Whether the address is known, and proven where that is asked for."""
    wanted = (channel, normalised(address))
    return any(
        (one.channel, one.address) == wanted and (one.verified or not verified) for one in state.identities
    )
