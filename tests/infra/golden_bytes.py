"""Stored bytes of every event version ever shipped. `python -m tests.infra.golden_bytes` adds what is missing, and only that."""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints
from uuid import UUID

import hub.domain.events  # noqa: F401 - fills the registry
from hub.app.ports import Envelope
from hub.domain.ids import CommandId, Position, StreamId
from hub.domain.vocabulary import KEY_FIELD, REGISTRY, Actor, Erased
from infra.codec import Codec, MemoryRing, describe, pack, stamp

FOLDER = Path(__file__).parent / "golden"
WORKSPACE, STREAM = UUID(int=7), StreamId(UUID(int=8))
MOMENT = 1_700_000_000_123_456
ENVELOPE = Envelope(
    actor=Actor(kind="agent", id="ada"),
    command=CommandId(UUID(int=9)),
    cause=Position(4),
    correlation=UUID(int=10),
)
PLAIN: dict[Any, Any] = {
    str: "Grüße, 订单 12345",
    int: 42,
    float: 0.75,
    bool: True,
    UUID: UUID(int=11),
    datetime: datetime(2025, 3, 4, 5, 6, 7, 890_000, tzinfo=UTC),
    NoneType: None,
}


def main() -> None:
    for name in REGISTRY:
        path = FOLDER / f"{name}.json"
        if not path.exists():
            path.write_text(json.dumps(golden(name), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def golden(name: str) -> dict[str, Any]:
    """The event with every field filled, as stored, with what it reads as."""
    event = example(REGISTRY[name])
    ring = MemoryRing()
    codec = Codec(WORKSPACE, ring)
    stored = stamp(MOMENT) + codec.seal(STREAM, pack(ENVELOPE), event).rest
    field = KEY_FIELD.get(type(event), "")
    key_id = getattr(event, field) if field else str(STREAM)
    described = describe(codec.open((5, STREAM.hex, 3, name, stored)))
    return {"key_id": key_id, "key": ring.key(key_id).hex(), "stored": stored.hex(), "reads": described}


def example(kind: Any) -> Any:
    """A value of a type: the first of a choice, one of a sequence."""
    if is_dataclass(kind):
        hints = get_type_hints(kind, include_extras=True)
        return kind(**{field.name: example(hints[field.name]) for field in fields(kind)})
    origin, args = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return example(args[0])
    if origin is Literal:
        return args[0]
    if origin in (Union, UnionType):
        return example(next(arg for arg in args if arg not in (Erased, NoneType)))
    if origin is tuple:
        return (example(args[0]),) if args[-1] is Ellipsis else tuple(map(example, args))
    return PLAIN[getattr(kind, "__supertype__", kind)]


if __name__ == "__main__":
    main()
