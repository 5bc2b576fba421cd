"""Colleagues and what they set. An agent's stream folds to `Agent`, the workspace's settings stream to `Settings`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import reduce
from typing import Final, assert_never

from hub.domain.ids import AccountId, AgentId
from hub.domain.staff.events import (
    AgentJoined,
    AgentLeft,
    AgentRoleChanged,
    AgentSignedIn,
    Role,
    SavedReplyKept,
    SavedReplyRemoved,
    SignatureSet,
    StaffEvent,
)
from hub.domain.vocabulary import Opaque, opened


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """`id` None: nobody has joined by this stream. `left`: may not sign in any more, but their deeds keep their name."""

    version: int = 0
    id: AgentId | None = None
    role: Role = "rep"
    name: str = ""
    email: str = ""
    left: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedReply:
    name: str
    language: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Saved replies are told apart by name and language."""

    version: int = 0
    saved_replies: tuple[SavedReply, ...] = ()
    signatures: Mapping[AccountId, str] = field(default_factory=dict)


NOBODY: Final = Agent()
UNSET: Final = Settings()


def fold_agent(events: Iterable[StaffEvent | Opaque], state: Agent = NOBODY) -> Agent:
    """The agent after `events`."""
    return reduce(evolve_agent, events, state)


def fold_settings(events: Iterable[StaffEvent | Opaque], state: Settings = UNSET) -> Settings:
    """The settings after `events`."""
    return reduce(evolve_settings, events, state)


def evolve_agent(state: Agent, event: StaffEvent | Opaque) -> Agent:
    """The agent after one more event."""
    later = replace(state, version=state.version + 1)
    match event:
        case AgentJoined(agent=agent, role=role, name=name, email=email):
            return replace(
                later, id=agent, role=role, name=opened(name, ""), email=opened(email, ""), left=False
            )
        case AgentRoleChanged(role=role):
            return replace(later, role=role)
        case AgentLeft():
            return replace(later, left=True)
        case AgentSignedIn() | SavedReplyKept() | SavedReplyRemoved() | SignatureSet() | Opaque():
            return later
        case _:
            assert_never(event)


def evolve_settings(state: Settings, event: StaffEvent | Opaque) -> Settings:
    """The settings after one more event."""
    later = replace(state, version=state.version + 1)
    match event:
        case SavedReplyKept(name=name, language=language, text=text):
            kept = SavedReply(name=name, language=language, text=text)
            return replace(later, saved_replies=(*_others(state, name, language), kept))
        case SavedReplyRemoved(name=name, language=language):
            return replace(later, saved_replies=_others(state, name, language))
        case SignatureSet(account=account, text=text):
            return replace(later, signatures={**state.signatures, account: text})
        case AgentJoined() | AgentRoleChanged() | AgentLeft() | AgentSignedIn() | Opaque():
            return later
        case _:
            assert_never(event)


def _others(state: Settings, name: str, language: str) -> tuple[SavedReply, ...]:
    return tuple(one for one in state.saved_replies if (one.name, one.language) != (name, language))
