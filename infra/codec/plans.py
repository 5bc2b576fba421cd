"""What the codec knows of each event class, worked out once: which fields are open, which sealed, and how to decode them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, Field, dataclass, fields
from typing import Annotated, Any, Final, Union, get_args, get_origin, get_type_hints

import msgspec

from hub.app.decoding import once_made
from hub.domain.vocabulary import ERASED, KEY_FIELD, NAMES, PERSONAL, Erased

encode: Final[Callable[[object], bytes]] = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How one event class is split, named and read."""

    name: str
    cls: type
    open_fields: tuple[str, ...]
    sealed_fields: tuple[str, ...]
    key_field: str
    show_open: Callable[[object], dict[str, Any]]
    show_sealed: Callable[[object], dict[str, Any]]
    decode: Callable[[bytes], object]
    decode_open: Callable[[bytes], object]

    def open_part(self, event: object) -> bytes:
        return encode(self.show_open(event))

    def sealed_part(self, event: object) -> bytes:
        """Raises ValueError for a fact that holds `ERASED`: what is gone can't be recorded anew."""
        part = encode(self.show_sealed(event))
        if b'"erased"' in part and any(getattr(event, name) is ERASED for name in self.sealed_fields):
            raise ValueError(f"{self.name}: an erased field can't be recorded again")
        return part

    def erased(self, open_part: bytes) -> object:
        """The event as it reads after its key was destroyed."""
        kept = self.decode_open(open_part)
        known = {name: getattr(kept, name) for name in self.open_fields}
        return self.cls(**known, **dict.fromkeys(self.sealed_fields, ERASED))

    def today(self, lifted: dict[str, Any], *, erased: bool) -> object:
        """An event of an old version in today's class."""
        if erased:
            return self.erased(
                encode({field: lifted[field] for field in self.open_fields if field in lifted})
            )
        return self.decode(encode(lifted))


_PLANS: Final[dict[type, Plan]] = {}


def plan(cls: type) -> Plan:
    """Raises KeyError when `cls` is no event."""
    return once_made(_PLANS, cls, _made)


def _made(cls: type) -> Plan:
    hints = get_type_hints(cls, include_extras=True)
    every = fields(cls)
    sealed = tuple(field.name for field in every if is_personal(hints[field.name]))
    opened = tuple(field.name for field in every if field.name not in sealed)
    return Plan(
        name=NAMES[cls],
        cls=cls,
        open_fields=opened,
        sealed_fields=sealed,
        key_field=KEY_FIELD.get(cls, ""),
        show_open=_shower(opened),
        show_sealed=_shower(sealed),
        decode=_decoder(cls, {name: once_opened(hint) for name, hint in hints.items()}),
        decode_open=_open_decoder(cls, [field for field in every if field.name in opened], hints),
    )


def _shower(names: Sequence[str]) -> Callable[[object], dict[str, Any]]:
    """Fields by their names, as code written out for them: a third of the time of a loop, once for each event that is recorded.

    The names are those of fields in our own classes.
    """
    shown = ", ".join(f"{name!r}: event.{name}" for name in names)
    made: Callable[[object], dict[str, Any]] = eval(f"lambda event: {{{shown}}}", {})  # noqa: S307
    return made


def is_personal(hint: object) -> bool:
    return get_origin(hint) is Annotated and PERSONAL in get_args(hint)[1:]


def once_opened(hint: Any) -> Any:
    """`Personal[T]` → `T`: what is on disk is never `Erased`."""
    if not is_personal(hint):
        return hint
    return Union[tuple(kind for kind in get_args(get_args(hint)[0]) if kind is not Erased)]  # noqa: UP007


def _decoder(cls: type, hints: Mapping[str, Any]) -> Callable[[bytes], object]:
    """msgspec reads the annotations once, here; it would refuse `T | Erased`, two kinds of text, so it is shown `T`."""
    kept = cls.__annotations__
    cls.__annotations__ = dict(hints)
    try:
        return msgspec.json.Decoder(cls).decode
    finally:
        cls.__annotations__ = kept


def _open_decoder(cls: type, wanted: list[Field[Any]], hints: Mapping[str, Any]) -> Callable[[bytes], object]:
    shape = [(field.name, hints[field.name], _default(field)) for field in wanted]
    return msgspec.json.Decoder(msgspec.defstruct(f"Open{cls.__name__}", shape, kw_only=True)).decode


def _default(field: Field[Any]) -> Any:
    if field.default is not MISSING:
        return field.default
    if field.default_factory is not MISSING:
        return msgspec.field(default_factory=field.default_factory)
    return msgspec.NODEFAULT
