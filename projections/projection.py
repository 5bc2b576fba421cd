"""What a projection is: its tables, its subscriptions, what it forgets; and the small words all of them share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final, TypeAlias, TypeVar
from uuid import UUID

import msgspec
from sqlalchemy import Executable, Table

from hub.app.ports import Recorded
from hub.domain.letters import normalised
from hub.domain.vocabulary import Erased, Personal
from projections.page import Page, Plain

encode: Final[Callable[[object], bytes]] = msgspec.json.Encoder().encode
NOTHING: Final = "[]"

T = TypeVar("T")
Handler: TypeAlias = Callable[[Any, Recorded, Page], None]
H = TypeVar("H", bound=Handler)


@dataclass(frozen=True, slots=True)
class Subscriptions:
    """Event type → function. The table *is* the list of what a projection listens to."""

    handlers: dict[type, Handler] = field(default_factory=dict)

    def on(self, *kinds: type) -> Callable[[H], H]:
        """The function below notes what events of these kinds change."""

        def register(handler: H) -> H:
            for kind in kinds:
                before = self.handlers.get(kind)
                self.handlers[kind] = handler if before is None else both(before, handler)
            return handler

        return register


def both(first: Handler, then: Handler) -> Handler:
    """An event may change two tables, by a function for each."""

    def handler(event: Any, recorded: Recorded, page: Page) -> None:
        first(event, recorded, page)
        then(event, recorded, page)

    return handler


def nothing_more(page: Page) -> None:
    """Most projections have noted everything when the last event was folded."""


def no_memory() -> None:
    """Most projections remember nothing between pages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Projection:
    """One page. `version` grows when tables or `project` change: the rows are then built anew.

    `forget(customer)` gives the statements that blank or remove what is personal to an erased customer.
    `finish` notes what is due at the end of a page; `reset` drops memory that a rolled-back page may have spoilt.
    `virtual`: the DDL of tables that no Table can say (full text).
    """

    name: str
    version: int
    tables: tuple[Table, ...]
    project: Subscriptions
    forget: Callable[[str], Iterable[Executable]]
    finish: Callable[[Page], None] = nothing_more
    reset: Callable[[], None] = no_memory
    virtual: Mapping[Table, Sequence[str]] = field(default_factory=dict)


text_of: Final[Callable[[UUID], str]] = msgspec.to_builtins
"""An id as the desk shows it: what `str` says, in a fifth of the time. Each event has some ten of them."""

SECONDS: Final = len("2026-01-02T03:04:05")
WHOLE: Final = len("2026-01-02T03:04:05.678901Z")


def instant(moment: datetime) -> str:
    """ISO 8601 in UTC with microseconds: as text it sorts like time, and goes to the desk as it is."""
    text: str = msgspec.to_builtins(moment if moment.tzinfo is UTC else in_utc(moment))
    return text if len(text) == WHOLE else f"{text[:SECONDS]}.000000Z"


def in_utc(moment: datetime) -> datetime:
    """At the ends of the calendar what has no name in UTC becomes the last moment that has one."""
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        first, last = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
        return first if moment.year == 1 else last


def maybe_instant(moment: datetime | None) -> str | None:
    return None if moment is None else instant(moment)


def moment(text: str) -> datetime:
    """Back from `instant`."""
    return datetime.fromisoformat(text)


def known(value: Personal[T]) -> T | None:
    """The personal value, or None once it was erased: columns of personal values are nullable for that."""
    return None if isinstance(value, Erased) else value


def json_of(value: object) -> str | None:
    """Compact JSON of lists and dataclasses; None stays None, erased becomes None."""
    if value is None or isinstance(value, Erased):
        return None
    return encode(value).decode() if value != () else NOTHING


def blank(columns: Iterable[str]) -> dict[str, Any]:
    """What an erased row says in its personal columns: nothing, and that it was erased."""
    return {**dict.fromkeys(columns), "erased": True}


def of_json(text: str | None) -> Any:
    """Back from `json_of`; what is missing is an empty list."""
    return [] if text is None else msgspec.json.decode(text)


def askable(question: str) -> str:
    """What somebody typed, without NUL: no word has one, and PostgreSQL refuses to be asked for it."""
    return question.replace("\0", "")


@lru_cache(maxsize=65_536)
def plain_address(address: str) -> str:
    """`normalised`, remembered: the same few addresses come again and again."""
    return normalised(address)


def ids(*values: UUID | None) -> tuple[Plain, ...]:
    """UUIDs as the text that the desk shows."""
    return tuple(None if value is None else text_of(value) for value in values)
