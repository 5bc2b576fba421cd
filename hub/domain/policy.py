"""What a policy is: it thinks and never acts. An event and what is remembered with it go in, commands come out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from hub.domain.conversation.events import MessageReceived
from hub.domain.customer.decisions import Command
from hub.domain.ids import MessageId


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """What goes with the event. `message`: the one the policy asked for with `about`, None when there is none.

    `derive(purpose)`: an id that this cause always gives again, so that a retry is the same command.
    """

    derive: Callable[[str], UUID]
    message: MessageReceived | None = None


def nothing(event: Any) -> MessageId | None:
    """The policy needs no message."""
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """One rule of the house. `name` is on record (its mark and its once-keys bear it): it never changes.

    `hears`: the events it is shown. `about`: the message whose text it must see with the event.
    `react`: the commands, for the event's own stream, each decided and appended by itself, in order.
    """

    name: str
    hears: frozenset[type]
    react: Callable[[Any, Memory, datetime], Sequence[Command]]
    about: Callable[[Any], MessageId | None] = nothing
