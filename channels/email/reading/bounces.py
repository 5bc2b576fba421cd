"""Delivery reports: RFC 3464 by its fields, old and national forms by a table of their sentences."""

from __future__ import annotations

import re
from dataclasses import dataclass

from channels.email.reading.headers import Head, head_of, split_head
from channels.email.reading.identifiers import BRACKETED, ids
from channels.email.reading.parts import Part, content, leaves
from hub.domain.letters import Address, Bounce

MOST_RECIPIENTS = 200
BLANK_LINE = re.compile(rb"\n[ \t]*\n")
ADDRESS = re.compile(r"[^\s<>()\[\]:;,\"'`=（）【】：；，、。]{1,64}@[A-Za-z0-9.-]{1,253}[A-Za-z0-9]")
RETURNED_ID = re.compile(r"^[ \t>]*Message-ID\s*:\s*<([^<>\s]{1,900})>", re.IGNORECASE | re.MULTILINE)

DAEMONS = re.compile(
    r"(?:mailer[-_.]?daemon|postmaster|mail[-_.]?delivery|maildelivery|bounces?|mdaemon|.*system.*admin.*|.*mail.*system.*)",
    re.IGNORECASE,
)
SUBJECTS = re.compile(
    r"undeliver|returned (?:mail|to sender)|returning (?:message|mail)|delivery (?:status|failure|failed|report|problem|delayed|error|notification)"
    r"|failure (?:notice|delivery)|mail (?:delivery|system error|failure)|message (?:delayed|delivery|could not)|non[- ]?deliver|not delivered"
    r"|warning: (?:message|could not send)|could not be delivered|bounce|delayed mail|rejected"
    r"|退信|投递失败|发送失败|无法投递|未送达|退回|無法傳遞|无法送达|送达失败|投遞失敗|延迟|unzustellbar|non remis|no se pudo entregar|配信不能",
    re.IGNORECASE,
)
# Sentences that open the list of addresses -> whether the failure is final.
SENTENCES: tuple[tuple[re.Pattern[str], bool], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), permanent)
    for pattern, permanent in (
        (r"has not yet been delivered|will be (?:retried|tried again)|warning message only|delivery (?:is|has been) delayed|still trying|delayed .{0,40}hours", False),
        (r"(?:系统|我们)将?会?(?:继续|再次)(?:尝试|重试)|暂时(?:无法|不能)|延迟投递", False),
        (r"this is a permanent error|permanent fatal errors|permanent failure|could not be delivered|couldn't be delivered|wasn't delivered", True),
        (r"was undeliverable|delivery (?:has )?failed|unable to deliver|did not reach|not deliver|following addresses? (?:had|failed)|user unknown", True),
        (r"address(?:es)? (?:not found|rejected)|no such user|mailbox (?:unavailable|not found|is full|full)|sorry, i couldn't find|quota exceeded", True),
        (r"被退回|退信|无法(?:投递|送达|发送|到达)|投递失败|发送失败|不存在|无法傳遞|無法(?:投遞|送達|傳遞)|拒收|收件人.{0,20}(?:已满|停用)", True),
    )
)  # fmt: skip
ORIGINAL_BELOW = re.compile(
    r"^.{0,20}(?:---+ ?(?:this is a copy|below this line|original message|the header|原邮件|原始邮件)|received: )",
    re.IGNORECASE | re.MULTILINE,
)
STATUSES = frozenset({"message/delivery-status", "message/global-delivery-status"})
RECEIPTS = frozenset({"message/disposition-notification", "message/global-disposition-notification"})
FAILED, DELAYED = frozenset({"failed", "failure"}), frozenset({"delayed"})


@dataclass(frozen=True, slots=True)
class Report:
    """One recipient of a delivery report."""

    recipient: str
    action: str
    status: str
    diagnostic: str


def bounce_of(letter: Part, sender: Address, subject: str, text: str) -> Bounce | None:
    """What a delivery report says, or None when the letter is none (or reports success, or that it was read)."""
    parts = list(leaves(letter))
    statuses = [part for part in parts if part.content_type in STATUSES]
    if any(part.content_type in RECEIPTS for part in parts):
        return None
    if statuses:
        return from_status([each for part in statuses for each in reports(content(part))], letter, text)
    return from_words(letter, sender, subject, text)


def reports(raw: bytes) -> list[Report]:
    """The recipients of a `message/delivery-status` body: groups of fields between empty lines (RFC 3464 §2.1)."""
    lines = raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    groups = [head_of(group) for group in BLANK_LINE.split(lines)[: MOST_RECIPIENTS + 1]]
    return [
        report(group)
        for group in groups
        if group.first("action") or group.first("final-recipient") or group.first("status")
    ]


def report(fields: Head) -> Report:
    recipient = typed(fields, "final-recipient") or typed(fields, "original-recipient")
    status = re.search(r"[245]\.\d{1,3}\.\d{1,3}", fields.text("status"))
    action = fields.token("action").split(" ")[0]
    number = status[0] if status else ""
    return Report(recipient, action or by_status(number), number, fields.text("diagnostic-code")[:500])


def typed(fields: Head, name: str) -> str:
    """The address of a `rfc822;ann@example.com` value."""
    value = fields.text(name)
    return (value.partition(";")[2] or value).strip().strip("<>\"'").strip()


def by_status(status: str) -> str:
    return {"5": "failed", "4": "delayed", "2": "delivered"}.get(status[:1], "failed")


def from_status(found: list[Report], letter: Part, text: str) -> Bounce | None:
    """Failed recipients make it permanent; only delayed ones, temporary; success alone is no bounce."""
    failed = [each for each in found if each.action in FAILED]
    delayed = [each for each in found if each.action in DELAYED]
    if found and not failed and not delayed:
        return None
    chosen = failed or delayed
    recipients = tuple(dict.fromkeys(each.recipient for each in chosen if each.recipient))
    return Bounce(
        permanent=bool(failed) or not found,
        recipients=recipients or failed_recipients(letter) or tuple(dict.fromkeys(ADDRESS.findall(text)))[:1],
        original_ids=returned_ids(letter, text) or answered_ids(letter),
        diagnostic=next(
            (f"{each.status} {each.diagnostic}".strip() for each in chosen if each.status or each.diagnostic),
            "",
        ),
    )


def from_words(letter: Part, sender: Address, subject: str, text: str) -> Bounce | None:
    """A report without its fields: a daemon's name or a null return path, and the sentences daemons write.

    Absence notices and receipts have a null return path too, and a subject that they quote. So where nothing else speaks
    for a report, it has to bring something of the letter back; that it answers one does not do.
    """
    head = letter.head
    named = failed_recipients(letter)
    is_daemon = DAEMONS.fullmatch(sender.address.rpartition("@")[0]) is not None
    nameless = head.first("return-path").replace(b" ", b"") == b"<>"
    by_machine = is_daemon or nameless
    if not named and not (by_machine and head.first("auto-submitted").lower()[:12] != b"auto-replied"):
        return None
    returned = returned_ids(letter, text)
    if not (named or is_daemon or returned):
        return None
    permanent = next(
        (final for sentence, final in SENTENCES if sentence.search(f"{subject}\n{text[:4000]}")), None
    )
    if permanent is None or not (named or SUBJECTS.search(subject) or is_daemon):
        return None
    above = ORIGINAL_BELOW.split(text, maxsplit=1)[0][:8000]
    own = {sender.address.lower()}
    written = tuple(each for each in dict.fromkeys(ADDRESS.findall(above)) if each.lower() not in own)
    return Bounce(
        permanent=permanent,
        recipients=named or written[:MOST_RECIPIENTS],
        original_ids=returned or answered_ids(letter),
        diagnostic=diagnostic(above),
    )


def failed_recipients(letter: Part) -> tuple[str, ...]:
    """Exim's and Gmail's own field."""
    return tuple(dict.fromkeys(ADDRESS.findall(letter.head.text("x-failed-recipients"))))[:MOST_RECIPIENTS]


def diagnostic(text: str) -> str:
    """The first line that looks like an SMTP answer."""
    match = re.search(r"^.*?\b([45]\d\d[ -](?:[45]\.\d+\.\d+ )?\S.{0,300})$", text, re.MULTILINE)
    return match[1].strip() if match else ""


def returned_ids(letter: Part, text: str) -> tuple[str, ...]:
    """Message-IDs of the letters that came back, from their returned heads or, where those stand in the text, from there."""
    found: list[str] = []
    for part in leaves(letter):
        if part.content_type in (
            "message/rfc822",
            "message/global",
            "text/rfc822-headers",
            "message/rfc822-headers",
            "message/global-headers",
        ):
            found += ids(head_of(split_head(content(part).lstrip())[0]), "message-id")
    return tuple(dict.fromkeys(found or RETURNED_ID.findall(text)))[:20]


def answered_ids(letter: Part) -> tuple[str, ...]:
    """Message-IDs that the report itself names as what it answers."""
    named = letter.head.all("in-reply-to") + letter.head.all("references")
    found = [each for value in named for each in BRACKETED.findall(value.decode("latin-1"))]
    return tuple(dict.fromkeys(found))[:20]
