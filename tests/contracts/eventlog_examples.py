"""Ready-made requests and logs for tests of the record."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID, uuid4

from hub.app.ports import Envelope, Mark, Release, Request, Take, Write
from hub.domain.customer.events import CustomerNamed
from hub.domain.ids import CommandId, StreamId
from hub.domain.vocabulary import Actor
from infra.codec import Codec, MemoryRing
from infra.eventlog.batch import Draft
from infra.eventlog.drafting import sealed_all
from infra.eventlog.postgres.connecting import Line, connected
from infra.eventlog.postgres.log import create_tables
from infra.eventlog.postgres.store import PostgresStore

ADA, BEN = StreamId(UUID(int=1)), StreamId(UUID(int=2))
KEY, OTHER_KEY = b"k" * 32, b"o" * 32


def envelope(**more: object) -> Envelope:
    return Envelope(**{"actor": Actor(kind="bot", id="tester"), "command": CommandId(uuid4()), **more})


def named(*names: str) -> tuple[CustomerNamed, ...]:
    return tuple(CustomerNamed(name=name) for name in names)


def write(stream: StreamId, expected: int, *names: str) -> Write:
    return Write(stream=stream, expected=expected, events=named(*names))


def request(
    *writes: Write,
    once: tuple[bytes, ...] = (),
    claims: tuple[Take | Release, ...] = (),
    marks: tuple[Mark, ...] = (),
) -> Request:
    return Request(envelope=envelope(), writes=writes, once=once, claims=claims, marks=marks)


def drafts(*asked: Request) -> list[Draft]:
    """Sealed, as the committer gets them."""
    codec = Codec(ADA, MemoryRing())
    return sealed_all(codec, asked)


def postgres_store(url: str, now: Callable[[], int] | None = None) -> PostgresStore:
    """A writer of its own on the log in that database, which it makes when new."""
    with connected(url) as connection:
        create_tables(connection)
    return PostgresStore(Line(url, patience=20), now)


def names_of(facts: object) -> list[str]:
    return [fact.event.name for fact in facts]
