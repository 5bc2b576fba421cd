"""A fact in words that JSON has: what `amends event` and `amends history --json` print."""

from __future__ import annotations

from typing import Any

import msgspec

from hub.app.ports import Recorded
from hub.domain.vocabulary import ERASED, Opaque
from infra.codec.plans import encode, plan


def describe(recorded: Recorded) -> dict[str, Any]:
    """Envelope, open part and sealed part; the sealed part reads "erased" once its key was destroyed, None without one."""
    return _who_and_when(recorded) | _parts(recorded.event)


def _who_and_when(recorded: Recorded) -> dict[str, Any]:
    envelope = recorded.envelope
    return {
        "position": recorded.position,
        "stream": str(recorded.stream),
        "version": recorded.version,
        "name": recorded.name,
        "recorded_at": recorded.recorded_at.isoformat(),
        "actor": {"kind": envelope.actor.kind, "id": envelope.actor.id},
        "command": str(envelope.command),
        "cause": envelope.cause,
        "correlation": str(envelope.correlation) if envelope.correlation else None,
        "nonce": recorded.nonce.hex(),
    }


def _parts(event: object) -> dict[str, Any]:
    if isinstance(event, Opaque):
        return {"open": _readable(event.open_part), "sealed": None, "opaque": event.why}
    how = plan(type(event))
    return {"open": _fields(event, how.open_fields), "sealed": _sealed(_fields(event, how.sealed_fields))}


def _fields(event: object, names: tuple[str, ...]) -> dict[str, Any]:
    fields: dict[str, Any] = msgspec.json.decode(encode({name: getattr(event, name) for name in names}))
    return fields


def _sealed(personal: dict[str, Any]) -> dict[str, Any] | str | None:
    if not personal:
        return None
    return "erased" if set(map(repr, personal.values())) == {repr(ERASED.value)} else personal


def _readable(part: bytes) -> Any:
    try:
        return msgspec.json.decode(part)
    except msgspec.DecodeError:
        return part.decode(errors="replace")
