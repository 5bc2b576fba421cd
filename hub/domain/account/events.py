"""Facts of a connected account: a mailbox, a form. These names are on disk: add, never rename."""

from __future__ import annotations

from hub.domain.ids import BlobId, CustomerId, MessageId
from hub.domain.vocabulary import Personal, event


@event("account.connected.v1")
class AccountConnected:
    """`kind`: "email" or "webform". Recorded again when the name or address in the settings changes."""

    kind: str
    name: str
    address: str


@event("letter.parked.v1", sealed_by="raw")
class LetterParked:
    """Could not be read. Its raw bytes are `raw`; the personal fields are sealed under that blob's key (record rule 22).

    `why` is ours and holds no personal data; `excerpt` is what could be made out: sender, subject.
    """

    raw: BlobId
    size: int
    why: str
    folder: str
    validity: int
    uid: int
    excerpt: Personal[str]


@event("letter.read_again.v1")
class LetterReadAgain:
    """A parked letter was read after all; `message` stands in the stream of `customer`."""

    raw: BlobId
    customer: CustomerId
    message: MessageId


@event("letter.echoed.v1", sealed_by="raw")
class LetterEchoed:
    """Our own letter came back to us; nobody is told anything."""

    raw: BlobId
    folder: str
    validity: int
    uid: int
    message_ref: Personal[str]


@event("mailbox.rebound.v1")
class MailboxRebound:
    """The folder was made anew (UIDVALIDITY changed); every letter is looked at again, once-keys keep it single."""

    folder: str
    old_validity: int
    new_validity: int


@event("mailbox.failed.v1")
class MailboxFailed:
    """The mailbox can't be reached or read. `why` holds no secret."""

    why: str


@event("mailbox.recovered.v1")
class MailboxRecovered:
    """It can be read again."""


AccountEvent = (
    AccountConnected
    | LetterParked
    | LetterReadAgain
    | LetterEchoed
    | MailboxRebound
    | MailboxFailed
    | MailboxRecovered
)
