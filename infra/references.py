"""Which blobs an event refers to: worked out once per class from its annotations, so that a new event needs no second list."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from types import UnionType
from typing import Annotated, Any, Final, Union, get_args, get_origin, get_type_hints

from hub.domain.ids import BlobId
from hub.domain.vocabulary import Erased, Opaque

LOOKS_LIKE_ONE: Final = re.compile(rb"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")

Find = Callable[[Any], Iterator[BlobId]]

_FINDERS: Final[dict[type, Find]] = {}


def blobs_of(event: object) -> set[BlobId]:
    """Every blob that `event` names. Of an opaque event whatever looks like one; erased fields name none."""
    if isinstance(event, Opaque):
        return blobs_in(event.open_part)
    return set(_finder(type(event))(event))


def blobs_in(text: bytes) -> set[BlobId]:
    """Everything in `text` that looks like a blob's id: 64 lower-case hex digits."""
    return {BlobId(found.decode()) for found in LOOKS_LIKE_ONE.findall(text)}


def _finder(cls: type) -> Find:
    return _FINDERS.get(cls) or _FINDERS.setdefault(cls, _made(cls))


def _made(cls: type) -> Find:
    hints = get_type_hints(cls, include_extras=True)
    found = [(field.name, find) for field in fields(cls) if (find := _in(hints[field.name]))]

    def each(value: Any) -> Iterator[BlobId]:
        for name, find in found:
            inner = getattr(value, name)
            if inner is not None and not isinstance(inner, Erased):
                yield from find(inner)

    return each


def _in(hint: Any) -> Find | None:
    """How to find blobs in a value of this annotation; None when there can't be any."""
    if hint is BlobId:
        return lambda value: iter((BlobId(value),))
    origin, inner = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return _in(inner[0])
    if origin in (Union, UnionType):
        return next((find for one in inner if (find := _in(one))), None)
    if origin in (tuple, list, frozenset, set) and (find := _in(inner[0])):
        return lambda values: (blob for value in values for blob in find(value))
    if is_dataclass(hint) and isinstance(hint, type) and any(_in_fields(hint)):
        return _finder(hint)
    return None


def _in_fields(cls: type) -> Iterator[Find | None]:
    hints = get_type_hints(cls, include_extras=True)
    return (_in(hints[field.name]) for field in fields(cls))
