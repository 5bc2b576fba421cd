"""Identifiers. Each is random, or derived under a key by the `Secrets` port; none is ever derived from personal data alone."""

from __future__ import annotations

from typing import NewType
from uuid import UUID

StreamId = NewType("StreamId", UUID)
"""The stream's `originator_id`. A customer's id *is* the id of the customer's stream."""

CustomerId = NewType("CustomerId", UUID)
ConversationId = NewType("ConversationId", UUID)
MessageId = NewType("MessageId", UUID)
NoteId = NewType("NoteId", UUID)
ComplaintId = NewType("ComplaintId", UUID)
AgentId = NewType("AgentId", UUID)
AccountId = NewType("AccountId", UUID)
CommandId = NewType("CommandId", UUID)

BlobId = NewType("BlobId", str)
"""Hex SHA-256 of the *sealed* bytes in the vault."""

Position = NewType("Position", int)
"""1, 2, 3, … over the whole log, without gaps; commit order is position order."""
