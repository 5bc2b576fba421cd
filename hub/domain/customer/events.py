"""Facts about who a customer is. These names are on disk: add, never rename."""

from __future__ import annotations

from typing import Literal

from hub.domain.ids import CustomerId
from hub.domain.vocabulary import Personal, event

Evidence = Literal["header", "form", "authenticated", "token", "agent"]
"""What an identity rests on: a bare header or form field (claimed); our server's verdict, our token, or an agent (verified)."""


@event("customer.opened.v1")
class CustomerOpened:
    """A new customer was heard for the first time, on `channel`."""

    channel: str
    name: Personal[str]


@event("customer.named.v1")
class CustomerNamed:
    """A colleague gave the customer this name."""

    name: Personal[str]


@event("identity.claimed.v1")
class IdentityClaimed:
    """Somebody says they are at this address; nothing proves it."""

    channel: str
    address: Personal[str]
    evidence: Evidence


@event("identity.verified.v1")
class IdentityVerified:
    """This address is shown to be the customer's. `why` tells by what (a header's verdict, a token, a person)."""

    channel: str
    address: Personal[str]
    evidence: Evidence
    why: str


@event("link.suggested.v1")
class LinkSuggested:
    """`other` may be the same person (record rule 15); a rep decides."""

    other: CustomerId
    why: str


@event("customers.linked.v2")
class CustomersLinked:
    """This customer and `other` are one person; `survivor` is where new conversations begin. Stands in both streams."""

    other: CustomerId
    survivor: CustomerId
    why: Personal[str]


@event("customers.unlinked.v2")
class CustomersUnlinked:
    """The link was a mistake, or is over; each keeps what is their own."""

    other: CustomerId
    why: Personal[str]


@event("record.viewed.v1")
class RecordViewed:
    """Somebody read this customer's history. `what`: "timeline", "letter", "export"; `as_of` is empty for now."""

    what: str
    as_of: str = ""


@event("customer.erased.v1")
class CustomerErased:
    """The keys of this customer are destroyed. `reason` must not hold personal data."""

    reason: str


CustomerEvent = (
    CustomerOpened
    | CustomerNamed
    | IdentityClaimed
    | IdentityVerified
    | LinkSuggested
    | CustomersLinked
    | CustomersUnlinked
    | RecordViewed
    | CustomerErased
)
