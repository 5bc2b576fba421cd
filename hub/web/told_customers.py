"""More shapes of answers: who a customer is."""

from __future__ import annotations

from hub.web.told import ComplaintInfo, Row, Shape


class IdentityInfo(Shape):
    channel: str
    address: str
    verified: bool
    evidence: str
    why: str
    since: str


class LinkInfo(Shape):
    customer: str
    name: str
    address: str
    survivor: bool
    why: str


class SuggestionInfo(Shape):
    customer: str
    name: str
    address: str
    why: str


class CustomerInfo(Shape):
    position: int
    id: str
    name: str
    erased: bool
    identities: list[IdentityInfo]
    links: list[LinkInfo]
    suggestions: list[SuggestionInfo]
    conversations: list[Row]
    conversations_in_all: int
    complaints: list[ComplaintInfo]


class CustomerRow(Shape):
    id: str
    name: str
    address: str
    conversations: int


class CustomerRows(Shape):
    rows: list[CustomerRow]
