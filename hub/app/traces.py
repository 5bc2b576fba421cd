"""Where the time goes: named spans around the steps of the work, for whoever listens. Ids, counts and names of ours; never a word of anybody."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Final, Protocol, TypeAlias

Fact: TypeAlias = str | int | float | bool


class Span(Protocol):
    """A step that is under way."""

    def note(self, **facts: Fact) -> None:
        """Something that is known only now."""
        ...


class Unheard:
    """Nobody listens."""

    def note(self, **facts: Fact) -> None: ...


Tracer: TypeAlias = Callable[[str, Mapping[str, Fact]], AbstractContextManager[Span]]
NOBODY: Final[AbstractContextManager[Span]] = nullcontext(Unheard())
_listeners: Final[list[Tracer]] = []


def listen(tracer: Tracer) -> Callable[[], None]:
    """From now on spans of this process go to `tracer`, until the answer is called."""
    _listeners.append(tracer)
    return lambda: _listeners.remove(tracer)


def span(name: str, **facts: Fact) -> AbstractContextManager[Span]:
    """A step, and what it is about: `with span("log.append", events=3) as step: …`. Spans within it are its children."""
    return _listeners[-1](name, facts) if _listeners else NOBODY
