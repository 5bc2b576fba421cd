"""What a receiving mail server writes on top of a letter: its trace, and whether the From address is proven."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from email.parser import BytesHeaderParser
from email.policy import compat32
from email.utils import format_datetime, getaddresses

from hub.domain.letters import normalised

RESULTS = re.compile(rb"Authentication-Results:\s*(?P<id>[^\s;(]+)", re.IGNORECASE)
FIELD_START = re.compile(rb"[!-9;-~]+[ \t]*:")


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """How a letter came: `login` is the address that gave its password, empty for a stranger's connection."""

    server: str
    recipient: str
    sender: str
    peer: str
    login: str
    at: datetime


def stamp(raw: bytes, submission: Submission, ours: frozenset[str]) -> bytes:
    """`raw` with our own trace fields on top. Results that claim to be ours are removed first (RFC 8601 §5).

    `ours`: the domains this server knows the owners of.
    """
    head, gap, body = _split(raw)
    kept = b"".join(field for field in _fields(head) if not _forged(field, submission.server))
    verdict = judge(head, submission.login, ours)
    lines = (
        f"Return-Path: <{submission.sender}>",
        f"Delivered-To: {submission.recipient}",
        f"Received: from {submission.peer} by {submission.server} with ESMTP; {format_datetime(submission.at)}",
        f"Authentication-Results: {submission.server}; {verdict}",
    )
    return "".join(f"{line}\r\n" for line in lines).encode() + kept + gap + body


def judge(head: bytes, login: str, ours: frozenset[str]) -> str:
    """The RFC 8601 result for a letter's head: pass only when the login owns the one From address."""
    owners = _authors(head)
    domain = owners[0].rpartition("@")[2] if owners else "invalid"
    login_part = f"auth=pass smtp.auth={login}; " if login else "auth=none; "
    if len(owners) == 1 and login and owners[0] == normalised(login):
        return f"{login_part}dmarc=pass header.from={domain}"
    result = "fail" if domain in ours else "none"
    return f"{login_part}dmarc={result} header.from={domain}"


def _authors(head: bytes) -> list[str]:
    fields = BytesHeaderParser(policy=compat32).parsebytes(head).get_all("From") or []
    return [
        normalised(address) for _, address in getaddresses([str(field) for field in fields]) if "@" in address
    ]


def _split(raw: bytes) -> tuple[bytes, bytes, bytes]:
    for gap in (b"\r\n\r\n", b"\n\n"):
        head, found, body = raw.partition(gap)
        if found:
            end = gap[: len(gap) // 2]
            return head + end, end, body
    return raw, b"", b""


def _fields(head: bytes) -> list[bytes]:
    fields: list[bytes] = []
    for line in head.splitlines(keepends=True):
        if fields and not FIELD_START.match(line):
            fields[-1] += line
        else:
            fields.append(line)
    return fields


def _forged(field: bytes, server: str) -> bool:
    found = RESULTS.match(field)
    return found is not None and found["id"].lower() == server.encode().lower()
