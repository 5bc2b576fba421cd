"""From what a channel read to the facts that are put on record: pure translation, one function per ending of a letter."""

from __future__ import annotations

from hashlib import sha256

from hub.app.arrivals import Arrival, Letter
from hub.app.identify import Home
from hub.app.placing import Place
from hub.domain.account.events import LetterEchoed, LetterParked
from hub.domain.conversation.events import FileRef, MessageReceived
from hub.domain.customer.events import (
    CustomerOpened,
    Evidence,
    IdentityClaimed,
    IdentityVerified,
    LinkSuggested,
)
from hub.domain.ids import AccountId, BlobId, ConversationId, MessageId
from hub.domain.letters import Incoming, Location

EXCERPT_CHARS = 200
NOWHERE = Location(account="")

Opening = CustomerOpened | IdentityClaimed | IdentityVerified | LinkSuggested


def touchpoint(
    letter: Letter, message: MessageId, conversation: ConversationId, place: Place, home: Home
) -> MessageReceived:
    """The message as it is put on record."""
    arrival, read = letter.arrival, letter.read
    return MessageReceived(
        message=message,
        conversation=conversation,
        account=AccountId(arrival.inbox.account),
        channel=read.channel,
        occurred_at=read.written_at,
        received_at=arrival.received_at,
        raw=letter.raw,
        threaded_by=place.by,
        threading_why=place.why,
        verified=home.grade == "proven" or place.by == "token",
        automatic=read.automatic.why if read.automatic.is_automatic else "",
        language=read.language,
        defects=read.defects,
        sender=read.sender,
        reply_to=read.reply_to,
        to=read.to,
        cc=read.cc,
        subject=read.subject,
        text=read.text,
        new_text=read.new_text,
        has_html=bool(read.html),
        message_ref=read.native_id,
        in_reply_to=read.in_reply_to,
        references=read.references,
        files=tuple(_files(read, letter.raw)),
    )


def opening(home: Home, read: Incoming) -> list[Opening]:
    """The facts that begin a customer's stream: who it says it is, what that rests on, and who it may also be."""
    events: list[Opening] = [
        CustomerOpened(channel=read.channel, name=read.sender.name),
        *_identity(home, read),
    ]
    if home.suggested is not None:
        why = "the same address, until now without proof"
        events.append(LinkSuggested(other=home.suggested, why=why))
    return events


def parking(arrival: Arrival, raw: BlobId, why: str) -> LetterParked:
    place = arrival.location or NOWHERE
    return LetterParked(
        raw=raw,
        size=len(arrival.raw),
        why=why,
        folder=place.folder,
        validity=place.validity,
        uid=place.uid,
        excerpt=_first_lines(arrival.raw),
    )


def echo(arrival: Arrival, raw: BlobId, read: Incoming) -> LetterEchoed:
    place = arrival.location or NOWHERE
    return LetterEchoed(
        raw=raw, folder=place.folder, validity=place.validity, uid=place.uid, message_ref=read.native_id
    )


def _identity(home: Home, read: Incoming) -> list[Opening]:
    address = read.sender.address
    if "@" not in address:
        return []
    if home.grade == "proven":
        return [IdentityVerified(channel="email", address=address, evidence="authenticated", why=home.why)]
    evidence: Evidence = "form" if read.channel == "webform" else "header"
    return [IdentityClaimed(channel="email", address=address, evidence=evidence)]


def _files(read: Incoming, raw: BlobId) -> list[FileRef]:
    return [
        FileRef(
            blob=raw,
            filename=file.filename,
            content_type=file.content_type,
            size=len(file.content),
            sha256=sha256(file.content).hexdigest(),
            inline=file.inline,
            content_id=file.content_id,
        )
        for file in read.attachments
    ]


def _first_lines(raw: bytes) -> str:
    """The lines a person may know the letter by, as far as they can be made out."""
    lines = raw[:16_384].decode("utf-8", "replace").splitlines()
    known = [line for line in lines if line.lower().startswith(("from:", "subject:", "date:"))]
    return " · ".join(known)[:EXCERPT_CHARS]
