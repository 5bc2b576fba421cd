"""The signed thread token: how a letter of ours names its conversation so that an answer finds home and nobody can guess it.

The token is 128 bits of HMAC over the conversation and the correspondent's normalised address. It stands in our Message-ID
`m.CONVERSATION.MESSAGE.TOKEN@domain` and, where the mailbox takes plus-addresses, in Reply-To `support+CONVERSATIONTOKEN@domain`.
Ids and tokens are 26 characters of base 32 (RFC 4648, lower case, no padding).
"""

from __future__ import annotations

import re
from base64 import b32decode, b32encode
from collections.abc import Iterable
from dataclasses import dataclass
from hmac import compare_digest
from typing import Final, Protocol
from uuid import UUID

from hub.app.ports import Inbox, Secrets
from hub.domain.ids import ConversationId, MessageId
from hub.domain.letters import Address, normalised

TOKEN_BYTES: Final = 16
LOCAL_PART_LIMIT: Final = 64
"""Octets before the @ (RFC 5321 §4.5.3.1.1)."""

_B32 = "[a-z2-7]{26}"
_IN_MESSAGE_ID: Final = re.compile(rf"^m\.({_B32})\.{_B32}\.({_B32})@", re.IGNORECASE)
_IN_ADDRESS: Final = re.compile(rf"\+({_B32})({_B32})@", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Addressed:
    """What a letter of ours is called and where an answer goes. `reply_to` is "" where From is enough."""

    message_ref: str
    reply_to: str


class Addressing(Protocol):
    def reply(
        self, inbox: Inbox, conversation: ConversationId, message: MessageId, correspondent: Address
    ) -> Addressed: ...

    def conversation(self, names: Iterable[str], sender: Address) -> ConversationId | None: ...


@dataclass(frozen=True, slots=True)
class SignedAddressing:
    """`Addressing` under the workspace's lookup key."""

    secrets: Secrets

    def reply(
        self, inbox: Inbox, conversation: ConversationId, message: MessageId, correspondent: Address
    ) -> Addressed:
        """Name a letter to `correspondent`."""
        token = self._token(conversation, correspondent)
        local, _, domain = inbox.address.address.rpartition("@")
        plus = f"{local}+{_text(conversation.bytes)}{token}"
        fits = inbox.plus_addressing and len(plus.encode()) <= LOCAL_PART_LIMIT
        return Addressed(
            message_ref=f"m.{_text(conversation.bytes)}.{_text(message.bytes)}.{token}@{domain}",
            reply_to=f"{plus}@{domain}" if fits else "",
        )

    def conversation(self, names: Iterable[str], sender: Address) -> ConversationId | None:
        """The first conversation that one of these Message-IDs or addresses names with a token made for `sender`."""
        return next((found for name in names if (found := self._verified(name, sender))), None)

    def _verified(self, name: str, sender: Address) -> ConversationId | None:
        match = _IN_MESSAGE_ID.search(name) or _IN_ADDRESS.search(name)
        if not match:
            return None
        conversation = ConversationId(UUID(bytes=_bytes(match[1])))
        genuine = compare_digest(self._token(conversation, sender), match[2].lower())
        return conversation if genuine else None

    def _token(self, conversation: ConversationId, correspondent: Address) -> str:
        mac = self.secrets.keyed("thread", conversation.bytes, normalised(correspondent.address))
        return _text(mac[:TOKEN_BYTES])


def _text(data: bytes) -> str:
    return b32encode(data).decode().rstrip("=").lower()


def _bytes(text: str) -> bytes:
    return b32decode(text.upper() + "======")
