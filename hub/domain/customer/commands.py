"""Orders about who a customer is."""

from __future__ import annotations

from dataclasses import dataclass

from hub.domain.customer.events import Evidence
from hub.domain.ids import CustomerId


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenCustomer:
    """A first touchpoint. `verified`: the address is proven, and `why`."""

    channel: str
    name: str
    address: str
    evidence: Evidence
    verified: bool
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimIdentity:
    channel: str
    address: str
    evidence: Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyIdentity:
    """The claims move in the same append (record rule 16)."""

    channel: str
    address: str
    evidence: Evidence
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NameCustomer:
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SuggestLink:
    other: CustomerId
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkCustomers:
    """`customer` is the one whose stream this goes to; the caller tells both streams in one append."""

    customer: CustomerId
    other: CustomerId
    survivor: CustomerId
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UnlinkCustomers:
    other: CustomerId
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewRecord:
    """`what`: "timeline", "letter", "export"."""

    what: str
    as_of: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EraseCustomer:
    """`reason` must not hold personal data."""

    reason: str


PersonCommand = (
    OpenCustomer
    | ClaimIdentity
    | VerifyIdentity
    | NameCustomer
    | SuggestLink
    | LinkCustomers
    | UnlinkCustomers
    | ViewRecord
    | EraseCustomer
)
