"""Bytes of a letter to an `Incoming`: pure, bounded, tolerant; what is odd is said, what can't be read is `Unreadable`."""

from __future__ import annotations

import re

from channels.email.reading.addresses import addresses
from channels.email.reading.authentication import authenticated, domain_of
from channels.email.reading.automatic import automatic
from channels.email.reading.bodies import body_of
from channels.email.reading.bounces import bounce_of
from channels.email.reading.files import files_of
from channels.email.reading.headers import Head
from channels.email.reading.identifiers import ids, own_id, written_at
from channels.email.reading.language import language_of
from channels.email.reading.pages import unmarked
from channels.email.reading.parts import Budget, part_of
from channels.email.reading.quotes import new_part
from hub.domain.letters import Address, Authentication, Incoming, Unreadable

LONGEST_TEXT = 4 * 1024 * 1024
"""Characters of text that are kept readable; the raw letter keeps the rest."""

MOST_DEFECTS = 50
ENVELOPE = re.compile(rb"\A(?:\xef\xbb\xbf|[\r\n]+|>?From [^\r\n:]*\d\d:\d\d[^\r\n]*(?:\r\n|\n|\r))+")
"""What mailbox files put above a letter: a byte order mark, empty lines, the `From ` line."""

RECIPIENT_FIELDS = (
    "to", "cc", "bcc", "delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "resent-to", "resent-cc",
    "x-forwarded-to", "x-forwarded-for", "apparently-to", "x-rcpt-to",
)  # fmt: skip


def read_letter(
    raw: bytes,
    *,
    account: str = "",
    trusted_authserv: frozenset[str] = frozenset(),
    our_domains: frozenset[str] = frozenset(),
) -> Incoming:
    """Read one letter.

    `account` is the mailbox it came through, one more recipient. `trusted_authserv` are the authserv-ids of
    our own servers. `our_domains` tell our own echo, and a stranger who borrows one of our addresses.
    Raises only `Unreadable`.
    """
    try:
        return understood(raw, account, trusted_authserv, our_domains)
    except Unreadable:
        raise
    except (
        ValueError,
        LookupError,
        AttributeError,
        TypeError,
        RecursionError,
        OverflowError,
        AssertionError,
    ) as broken:
        raise Unreadable(f"{type(broken).__name__}: {str(broken)[:200]}") from broken


def understood(raw: bytes, account: str, trusted: frozenset[str], ours: frozenset[str]) -> Incoming:
    budget = Budget()
    letter = part_of(ENVELOPE.sub(b"", raw, count=1), budget)
    if not letter.head.fields:
        raise Unreadable("the letter is empty" if not raw.strip() else "no header field can be read")
    head = letter.head
    body = body_of(letter)
    sender, senders, odd = sender_of(head)
    subject = head.text("subject")
    marked = body.marked
    if len(marked) > LONGEST_TEXT:
        budget.defects.append(
            f"the text is {len(marked)} characters long; the first {LONGEST_TEXT} are shown"
        )
        marked = marked[:LONGEST_TEXT]
    text = unmarked(marked).strip("\n").rstrip()
    new_text = new_part(marked)
    proof = authenticated(head, senders, odd, trusted)
    return Incoming(
        channel="email",
        sender=sender,
        native_id=own_id(head),
        reply_to=next(iter(addresses(head.all("reply-to"), head.charset)[0]), None),
        to=addresses(head.all("to"), head.charset)[0],
        cc=addresses(head.all("cc"), head.charset)[0],
        recipients=recipients(head, account),
        subject=subject,
        text=text,
        new_text=new_text,
        html=body.html[:LONGEST_TEXT],
        in_reply_to=ids(head, "in-reply-to"),
        references=ids(head, "references"),
        written_at=written_at(head),
        attachments=files_of(body),
        automatic=automatic(head, sender, subject, ours),
        bounce=bounce_of(letter, sender, subject, text),
        authentication=proof,
        defects=defects(head, [*budget.defects, *body.defects, *odd, *doubts(sender, proof, ours)]),
        language=language_of(subject, new_text),
    )


def sender_of(head: Head) -> tuple[Address, tuple[Address, ...], tuple[str, ...]]:
    """(the sender, every From address, what is odd). Without From: Sender, Reply-To or the return path speak."""
    found, odd = addresses(head.all("from"), head.charset)
    if len(head.all("from")) > 1:
        odd = (*odd, "several From fields")
    elif len(found) > 1:
        odd = (*odd, "several senders")
    if any(each.address for each in found):
        return next(each for each in found if each.address), found, odd
    for name in ("sender", "reply-to", "return-path", "x-envelope-from", "resent-from"):
        others = [each for each in addresses(head.all(name), head.charset)[0] if each.address]
        if others:
            return others[0], found, (*odd, f"no sender in From; taken from {name}")
    return Address(address="", name=found[0].name if found else ""), found, (*odd, "no sender")


def recipients(head: Head, account: str) -> tuple[str, ...]:
    """Every address it was sent or delivered to, each once."""
    found = [each.address for name in RECIPIENT_FIELDS for each in addresses(head.all(name), head.charset)[0]]
    return tuple(dict.fromkeys(each for each in [*found, account] if "@" in each))


def doubts(sender: Address, proof: Authentication, ours: frozenset[str]) -> list[str]:
    borrowed = domain_of(sender.address) in ours and not proof.proven
    return ["says it is from one of our own addresses, without proof"] if borrowed else []


def defects(head: Head, others: list[str]) -> tuple[str, ...]:
    """Everything odd, each once."""
    twice = [
        f"several {name} fields"
        for name in ("message-id", "subject", "date", "content-type")
        if len(head.all(name)) > 1
    ]
    missing = [f"no {name} field" for name in ("message-id", "date") if not head.all(name)]
    unread = ["the date can't be read"] if head.all("date") and written_at(head) is None else []
    return tuple(dict.fromkeys([*head.defects, *twice, *missing, *unread, *others]))[:MOST_DEFECTS]
