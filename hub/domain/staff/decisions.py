"""What may happen to colleagues and to the settings they share."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

from hub.domain.errors import NoSuchAgent, NothingToSay
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
from hub.domain.staff.state import Agent, SavedReply, Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Join:
    """The first time, or again after leaving."""

    agent: AgentId
    role: Role
    name: str
    email: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRole:
    role: Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Leave:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """Each signing in is on record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepSavedReply:
    name: str
    language: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveSavedReply:
    name: str
    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SetSignature:
    account: AccountId
    text: str


AgentCommand = Join | ChangeRole | Leave | SignIn
SettingsCommand = KeepSavedReply | RemoveSavedReply | SetSignature


def decide_agent(command: AgentCommand, state: Agent, now: datetime) -> list[StaffEvent]:
    """The events that `command` leads to in the agent's stream; [] means already so."""
    if isinstance(command, Join):
        return join(command, state)
    if state.id is None or (state.left and not isinstance(command, Leave)):
        raise NoSuchAgent
    match command:
        case ChangeRole(role=role):
            return [] if state.role == role else [AgentRoleChanged(agent=state.id, role=role)]
        case Leave():
            return [] if state.left else [AgentLeft(agent=state.id)]
        case SignIn():
            return [AgentSignedIn(agent=state.id)]
        case _:
            assert_never(command)


def decide_settings(command: SettingsCommand, state: Settings, now: datetime) -> list[StaffEvent]:
    """The events that `command` leads to in the settings stream; [] means already so."""
    match command:
        case KeepSavedReply():
            return keep_saved_reply(command, state)
        case RemoveSavedReply(name=name, language=language):
            known = any((one.name, one.language) == (name, language) for one in state.saved_replies)
            return [SavedReplyRemoved(name=name, language=language)] if known else []
        case SetSignature(account=account, text=text):
            return (
                []
                if state.signatures.get(account, "") == text
                else [SignatureSet(account=account, text=text)]
            )
        case _:
            assert_never(command)


def join(command: Join, state: Agent) -> list[StaffEvent]:
    if state.id is not None and not state.left:
        return []
    return [AgentJoined(agent=command.agent, role=command.role, name=command.name, email=command.email)]


def keep_saved_reply(command: KeepSavedReply, state: Settings) -> list[StaffEvent]:
    if not command.name.strip() or not command.text.strip():
        raise NothingToSay
    if SavedReply(name=command.name, language=command.language, text=command.text) in state.saved_replies:
        return []
    return [SavedReplyKept(name=command.name, language=command.language, text=command.text)]
