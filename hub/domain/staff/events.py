"""Facts of people who work here and of what they set. These names are on disk: add, never rename."""

from __future__ import annotations

from typing import Literal

from hub.domain.ids import AccountId, AgentId
from hub.domain.vocabulary import Personal, event

Role = Literal["rep", "lead", "auditor", "admin"]


@event("agent.joined.v1")
class AgentJoined:
    """Each agent has a stream of their own; its id is the agent's id."""

    agent: AgentId
    role: Role
    name: Personal[str]
    email: Personal[str]


@event("agent.role_changed.v1")
class AgentRoleChanged:
    """They may do what `role` may from now on."""

    agent: AgentId
    role: Role


@event("agent.left.v1")
class AgentLeft:
    """They may not sign in any more; what they did stays theirs."""

    agent: AgentId


@event("agent.signed_in.v1")
class AgentSignedIn:
    """A session of theirs began."""

    agent: AgentId


@event("saved_reply.kept.v1")
class SavedReplyKept:
    """A text with variables such as {customer.name}; stands in the workspace's settings stream."""

    name: str
    language: str
    text: str


@event("saved_reply.removed.v1")
class SavedReplyRemoved:
    """This text is no longer offered."""

    name: str
    language: str


@event("signature.set.v1")
class SignatureSet:
    """The text below every reply of this inbox; it wins over the settings file."""

    account: AccountId
    text: str


StaffEvent = (
    AgentJoined
    | AgentRoleChanged
    | AgentLeft
    | AgentSignedIn
    | SavedReplyKept
    | SavedReplyRemoved
    | SignatureSet
)
