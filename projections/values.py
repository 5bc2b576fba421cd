"""What a note may say about a column: a plain value, or how the new one comes from the old; and how two notes make one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Literal, TypeAlias

from sqlalchemy import ColumnElement

Kind: TypeAlias = Literal["upsert", "add", "update", "delete"]
Plain: TypeAlias = str | int | float | bytes | None
Key: TypeAlias = "str | int | tuple[Plain, ...]"


@dataclass(frozen=True, slots=True)
class Plus:
    """Add to what is there (0 in a new row)."""

    amount: int


@dataclass(frozen=True, slots=True)
class Fill:
    """Take this value only where there is none."""

    value: Plain


@dataclass(frozen=True, slots=True, eq=False)
class Old:
    """An SQL expression without parameters over the row as it stood before; in updates only. Make it once per module."""

    expression: ColumnElement[Any]


Value: TypeAlias = Plain | Plus | Fill | Old
Values: TypeAlias = Mapping[str, Value]


SPECIAL = frozenset({Plus, Fill, Old})


class TwoSteps(Enum):
    """What two values fold to when no single one has the effect of both."""

    TWO_STEPS = "two steps"


def joined(first: Value, then: Value) -> Value | TwoSteps:
    """One value with the effect of both in turn."""
    match first, then:
        case (Plus(m), Plus(n)):
            return Plus(m + n)
        case (Fill(value), Fill()) if value is not None:
            return first
        case (Fill() | Plus() | Old(), Fill() | Plus()):
            return TwoSteps.TWO_STEPS
        case (int() | None, Plus(n)):
            return (first or 0) + n
        case (_, Fill(value)):
            return value if first is None else first
        case _:
            return then


def mark(value: Value) -> object:
    """What of a value shapes the statement: its kind, or the expression itself."""
    return value if isinstance(value, Old) else value.__class__ if isinstance(value, Plus | Fill) else None


def bare(value: Value) -> Plain:
    match value:
        case Plus(amount):
            return amount
        case Fill(inner):
            return inner
        case Old():
            return None
        case _:
            return value
