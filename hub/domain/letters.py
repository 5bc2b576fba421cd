"""What a channel hears and what it is asked to say, in words that all channels share.

`reading.py` of a channel turns bytes into `Incoming`, `writing.py` turns `Outgoing` into its wire form.
Provider words never leave the channel's folder.
"""

from __future__ import annotations

import unicodedata
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A mailbox, number or handle. `address` is as written, trimmed; compare with `normalised`."""

    address: str
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """One file of a letter, decoded. `filename` is only metadata and never a path."""

    filename: str
    content_type: str
    content: bytes
    inline: bool = False
    content_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Automatic:
    """Whether a machine wrote the letter (RFC 3834 §2), and the header or sign that says so."""

    is_automatic: bool = False
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounce:
    """A delivery report (RFC 3464 or a known old form): who was not reached, and for how long."""

    permanent: bool
    recipients: tuple[str, ...]
    original_ids: tuple[str, ...] = ()
    diagnostic: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Authentication:
    """What *our own* receiving server says of the sender (RFC 8601): proven or not, and why."""

    proven: bool = False
    why: str = "no trusted Authentication-Results header"


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """One touchpoint as a channel read it. Text fields are never None; what is missing is empty.

    `native_id`: Message-ID without angle brackets (or the provider's id).
    `text`: the whole body as text; `new_text`: the same without quoted earlier letters.
    `recipients`: every address the letter was addressed or delivered to (To, Cc, Delivered-To, X-Original-To…).
    `written_at`: the sender's own clock, aware, or None.
    """

    channel: str
    sender: Address
    native_id: str = ""
    reply_to: Address | None = None
    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()
    recipients: tuple[str, ...] = ()
    subject: str = ""
    text: str = ""
    new_text: str = ""
    html: str = ""
    in_reply_to: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    written_at: datetime | None = None
    attachments: tuple[Attachment, ...] = ()
    automatic: Automatic = Automatic()
    bounce: Bounce | None = None
    authentication: Authentication = Authentication()
    defects: tuple[str, ...] = ()
    language: str = "en"


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """Where a delivery stands at its source: for IMAP (account, folder, UIDVALIDITY, UID)."""

    account: str
    folder: str = ""
    validity: int = 0
    uid: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """One letter to be put on the wire. `message_id`, `in_reply_to` and `references` without angle brackets.

    `automatic`: empty for a person's letter, else the RFC 3834 keyword ("auto-replied", "auto-generated").
    `envelope_from`: empty means the null return path `<>`.
    """

    message_id: str
    sender: Address
    to: tuple[Address, ...]
    subject: str
    text: str
    envelope_from: str = ""
    cc: tuple[Address, ...] = ()
    bcc: tuple[Address, ...] = ()
    reply_to: Address | None = None
    html: str = ""
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    automatic: str = ""
    date: datetime | None = None
    language: str = "en"


class Unreadable(Exception):
    """The letter could not be read; its raw bytes are kept and it is parked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedOver:
    """The next server took the letter. `refused` maps single recipients it would not take to its words."""

    receipt: str = ""
    refused: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Deferred:
    """A temporary no (4xx, no connection): try again later. Nothing was taken."""

    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A final no (5xx): never retried."""

    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Uncertain:
    """The line broke after the letter was sent and before the answer: it may or may not have arrived."""

    why: str


Delivery = HandedOver | Deferred | Refused | Uncertain


def normalised(address: str) -> str:
    """The form two spellings of one mailbox share: trimmed, NFC, lower case, domain in A-label form where it has one."""
    local, at, domain = unicodedata.normalize("NFC", address.strip()).rpartition("@")
    return f"{local}{at}{_a_labels(domain) if at else domain}".casefold()


@lru_cache(maxsize=4096)
def _a_labels(domain: str) -> str:
    """Remembered: letters come from few domains, and the codec is slow."""
    with suppress(UnicodeError):
        domain = domain.rstrip(".").encode("idna").decode("ascii")
    return domain
