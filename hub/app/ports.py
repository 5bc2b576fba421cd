"""What the use cases need of the world, as small as their use. Contract suites in `tests/contracts` hold every implementation to it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from uuid import UUID

from hub.domain.ids import (
    AgentId,
    BlobId,
    CommandId,
    ComplaintId,
    ConversationId,
    CustomerId,
    MessageId,
    Position,
    StreamId,
)
from hub.domain.letters import Address, Delivery, Incoming, Outgoing
from hub.domain.vocabulary import Actor, Erased

Clock = Callable[[], datetime]
"""Now, aware, in UTC."""


# --- The log -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """Who, by which command, because of which event. Ids only, nothing personal."""

    actor: Actor
    command: CommandId
    cause: Position | None = None
    correlation: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """One fact as it stands in the log. `event` is a class of `hub.domain.events` or `Opaque`."""

    position: Position
    stream: StreamId
    version: int
    name: str
    recorded_at: datetime
    envelope: Envelope
    nonce: bytes
    event: object


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """Events for one stream, which must stand at version `expected` (0: new). Without events it only checks."""

    stream: StreamId
    expected: int
    events: tuple[object, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Take:
    """Claim `key` for `stream`. Already its own: nothing to do. Another's: `Taken`."""

    key: bytes
    stream: StreamId


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """Give `key` back. Not held by `stream`: nothing to do."""

    key: bytes
    stream: StreamId


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Compare-and-set of a named value (a cursor, a policy's position). `expected` None: must not exist yet."""

    name: str
    expected: str | None
    new: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """All or nothing (record rule 7). `once` keys are 32 keyed bytes each."""

    envelope: Envelope
    writes: tuple[Write, ...] = ()
    once: tuple[bytes, ...] = ()
    claims: tuple[Take | Release, ...] = ()
    marks: tuple[Mark, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Appended:
    """Committed. `positions` in the order of the writes and their events."""

    positions: tuple[Position, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AlreadyDone:
    """A once-key was seen before; `positions` are the first event positions recorded with the keys seen."""

    positions: tuple[Position, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """A stream or mark does not stand where it was expected. `stream` is None when a mark was stale."""

    stream: StreamId | None
    actual: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """The claim `key` is held by `holder`."""

    key: bytes
    holder: StreamId


Answer = Appended | AlreadyDone | Conflict | Taken


class LogStopped(Exception):
    """The log can't write any more (failed sync, disk full, shut down). Nothing of the request is acknowledged."""


class LogPaused(LogStopped):
    """The same, but the log goes on by itself: the same request may be made again."""


class EventLog(Protocol):
    """The one record. All reads see committed facts only."""

    async def append(self, request: Request) -> Answer:
        """Commit durably, or say why not. Raises `LogStopped`."""
        ...

    async def read_stream(
        self, stream: StreamId, *, after: int = 0, limit: int | None = None
    ) -> Sequence[Recorded]:
        """Facts of one stream with version > `after`, in order."""
        ...

    async def read_all(self, *, after: int = 0, limit: int = 1000) -> Sequence[Recorded]:
        """Facts of all streams with position > `after`, in order."""
        ...

    def follow(self, *, after: int = 0, limit: int = 1000) -> AsyncIterator[Sequence[Recorded]]:
        """Pages of facts for ever: what is there, then what comes, as soon as it is committed."""
        ...

    async def head(self) -> Position:
        """The last committed position; 0 when empty."""
        ...

    async def version(self, stream: StreamId) -> int:
        """The current version of a stream; 0 when it does not exist."""
        ...

    async def holder(self, key: bytes) -> StreamId | None:
        """Who holds a claim."""
        ...

    async def seen(self, key: bytes) -> Position | None:
        """The position recorded with a once-key, 0 if without events, None if never seen."""
        ...

    async def mark(self, name: str) -> str | None:
        """The value of a mark."""
        ...


# --- Secrets, keys and files ---------------------------------------------------------------------------------------


class Secrets(Protocol):
    """Keyed hashes under the lookup key, which never changes (record rule 17)."""

    def keyed(self, purpose: str, *parts: str | bytes) -> bytes:
        """32 bytes: HMAC-SHA256 over purpose and parts, unambiguously joined."""
        ...

    def derived(self, purpose: str, *parts: str | bytes) -> UUID:
        """An id that the same cause always gives again and nobody without the key can guess."""
        ...


class BlobMissing(Exception):
    """A referenced blob is not there or does not match its hash."""


class Vault(Protocol):
    """Raw letters and files. Each write is sealed under a fresh key; nothing is shared between letters."""

    async def keep(self, contents: Sequence[bytes]) -> list[BlobId]:
        """Seal, write and sync (key, file, directory) before returning, in order."""
        ...

    async def open(self, blob: BlobId) -> bytes | Erased:
        """The content, or `ERASED` once its key was destroyed. Raises `BlobMissing`."""
        ...


class Keys(Protocol):
    """Data keys, wrapped by the master key."""

    async def ensure(self, stream: StreamId) -> None:
        """The stream has a data key from now on; committed before this returns."""
        ...


# --- Reading, threads and delivery ---------------------------------------------------------------------------------


class Readers(Protocol):
    """Letters are read in other processes, without keys or sockets."""

    async def read(self, raw: bytes, *, account: str, harmless: bool = False) -> Incoming:
        """`harmless`: with its HTML cleaned of what may not be shown. Raises `Unreadable`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Thread:
    """Where an earlier letter stands. `participants`: normalised addresses that take part in the conversation."""

    customer: CustomerId
    conversation: ConversationId
    message: MessageId
    participants: frozenset[str] = frozenset()


class Threads(Protocol):
    """The threads view: from our own and customers' Message-IDs to conversations."""

    async def by_references(self, references: Sequence[str]) -> Sequence[Thread]:
        """Every letter with one of these Message-IDs, in the order asked for."""
        ...

    async def by_conversation(self, conversation: ConversationId) -> Thread | None:
        """Whose conversation it is; `message` is its last one."""
        ...


class Complaints(Protocol):
    """The complaints view, for whoever needs to name a complaint that may be closed."""

    async def raised_in(self, conversation: ConversationId) -> Sequence[ComplaintId]:
        """Every complaint that was raised in a conversation, closed ones included."""
        ...


class Views(Protocol):
    """The read side as a whole."""

    async def reached(self, position: int) -> None:
        """Return as soon as the live views show `position` (raises TimeoutError after the view time-out)."""
        ...


class Sender(Protocol):
    """The wire of one account."""

    async def send(self, letter: Outgoing) -> Delivery: ...


# --- Desk tables: ordinary rows, not the record --------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """`login` is the normalised e-mail address, `secret_hash` an argon2id string."""

    agent: AgentId
    login: str
    secret_hash: str


class Credentials(Protocol):
    async def put(self, credential: Credential) -> None: ...

    async def find(self, login: str) -> Credential | None: ...

    async def remove(self, agent: AgentId) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A signed-in browser. Only a hash of the token is kept. `csrf` is sent with every change."""

    agent: AgentId
    csrf: str
    created_at: datetime
    seen_at: datetime


class Sessions(Protocol):
    async def start(self, agent: AgentId, now: datetime) -> tuple[str, Session]:
        """A new random token (256 bit) and its session."""
        ...

    async def find(self, token: str, now: datetime) -> Session | None:
        """None when unknown, idle for over 30 min of no use, or older than 12 h. Touches `seen_at`."""
        ...

    async def end(self, token: str) -> None: ...

    async def end_all(self, agent: AgentId) -> None: ...

    async def standing(self) -> Set[str]:
        """Every session that nobody has ended, as the SHA-256 of its token in hex: one statement, which touches nothing."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What an agent is writing in a conversation. `body` is the composer's JSON; sealed at rest under the customer's key."""

    agent: AgentId
    conversation: ConversationId
    body: bytes
    saved_at: datetime


class Drafts(Protocol):
    async def save(self, customer: CustomerId, draft: Draft) -> None: ...

    async def load(self, agent: AgentId, conversation: ConversationId) -> Draft | None: ...

    async def discard(self, agent: AgentId, conversation: ConversationId) -> None: ...

    async def of_conversation(self, conversation: ConversationId) -> Sequence[Draft]: ...

    async def forget(self, customer: CustomerId) -> None: ...


class TablesAway(LogPaused):
    """Keys or desk tables can't be reached just now; what was asked may yet be done. They come back by themselves."""


class Leases(Protocol):
    """Who may act on a thing just now. A fence number only ever grows."""

    async def take(self, name: str, holder: str, seconds: float) -> int | None:
        """The fence number, or None when another holds it."""
        ...

    async def renew(self, name: str, holder: str, fence: int, seconds: float) -> bool: ...

    async def release(self, name: str, holder: str, fence: int) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What a command with this idempotency key was answered: a status and ids, never a body."""

    status: int
    ids: Mapping[str, str] = field(default_factory=dict)


class Answers(Protocol):
    async def find(self, key: str) -> tuple[bytes, Answered] | None:
        """The fingerprint of the request first made with this key, and its answer."""
        ...

    async def keep(self, key: str, fingerprint: bytes, answered: Answered) -> None: ...


class Counters(Protocol):
    async def next(self, name: str) -> int:
        """1, 2, 3, …; gaps are allowed, repeats are not."""
        ...


class Limits(Protocol):
    async def allow(self, key: str, limit: int, seconds: float) -> bool:
        """Count one; False when more than `limit` came within the last `seconds`."""
        ...

    async def forget(self, key: str) -> None:
        """Nothing came: what was allowed did not happen after all."""
        ...


# --- Letters out ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbox:
    """An account as the use cases see it. `plus_addressing`: answers to support+token@… reach it."""

    account: UUID
    name: str
    kind: str
    address: Address
    signature: str = ""
    plus_addressing: bool = False
    undo_seconds: float = 10.0
