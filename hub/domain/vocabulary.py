"""How a fact gets its name on disk, and which of its fields are sealed under a customer's key.

An event is a frozen, slotted, keyword-only dataclass:

    @event("note.added.v1")
    class NoteAdded:
        note: NoteId
        text: Personal[str]

A `Personal[T]` field opens to `T` while the key exists and to `ERASED` once it was destroyed.
The class may move or be renamed; the name on disk may not.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Annotated, Final, Literal, TypeAlias, TypeVar, dataclass_transform

T = TypeVar("T")
C = TypeVar("C", bound=type)


class Erased(Enum):
    """What a personal field opens to after its key was destroyed."""

    ERASED = "erased"


ERASED: Final = Erased.ERASED
PERSONAL: Final = "amends.personal"
Personal: TypeAlias = Annotated[T | Erased, PERSONAL]

REGISTRY: Final[dict[str, type]] = {}
"""Every event class by its stable name. Closed: a name that is not here loads as `Opaque`."""

KEY_FIELD: Final[dict[type, str]] = {}
"""Events whose personal fields are sealed under the key of the blob named by this field (record rule 22)."""

NAMES: Final[dict[type, str]] = {}
"""The stable name of every event class."""


@dataclass_transform(frozen_default=True, kw_only_default=True)
def event(name: str, *, sealed_by: str = "") -> Callable[[C], C]:
    """Register the class below under its stable name `thing.happened.vN`.

    `sealed_by` names the field that holds the blob whose key seals the personal fields;
    without it the stream's own key does.
    """

    def register(cls: C) -> C:
        fact: C = dataclass(frozen=True, slots=True, kw_only=True)(cls)  # type: ignore[assignment]
        if REGISTRY.setdefault(name, fact) is not fact:
            raise TypeError(f"{name} already names {REGISTRY[name].__qualname__}")
        NAMES[fact] = name
        if sealed_by:
            KEY_FIELD[fact] = sealed_by
        return fact

    return register


@dataclass(frozen=True, slots=True, kw_only=True)
class Opaque:
    """A fact whose name this version does not know, or whose bytes it cannot decode. Kept, shown, never guessed at."""

    name: str
    open_part: bytes
    why: str


ActorKind: TypeAlias = Literal["customer", "agent", "bot", "system"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who did it. `id` is an agent's or customer's id, or the stable name of a bot or part of the system."""

    kind: ActorKind
    id: str


def opened(value: T | Erased, otherwise: T) -> T:
    """The personal value, or what stands in for it after erasure."""
    return otherwise if isinstance(value, Erased) else value
