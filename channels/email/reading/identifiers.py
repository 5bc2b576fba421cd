"""Message ids and dates of a letter's head."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_tz

from channels.email.reading.headers import MOST_BYTES, Head

MOST_IDS = 500
BRACKETED = re.compile(r"<([^<>]{1,900})>")
UNBRACKETED = re.compile(r"[^\s<>,;\"']{1,250}@[^\s<>,;\"']{1,250}")
BLANKS = re.compile(r"\s+")
ISO = re.compile(
    r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})[T ]+(\d{1,2}):(\d{2})(?::(\d{2}))?(?:\.\d+)?\s*(Z|[+-]\d{2}:?\d{2})?"
)


def ids(head: Head, name: str) -> tuple[str, ...]:
    """Ids without angle brackets, in order, each once. Too many keep the first and the latest."""
    text = " ".join(texts(head, name))[:MOST_BYTES]
    found = [BLANKS.sub("", each) for each in BRACKETED.findall(text)] or UNBRACKETED.findall(text)
    unique = tuple(dict.fromkeys(each for each in found if each))
    return unique if len(unique) <= MOST_IDS else (unique[0], *unique[1 - MOST_IDS :])


def texts(head: Head, name: str) -> list[str]:
    return [value.decode("utf-8", "replace") for value in head.all(name)]


def own_id(head: Head) -> str:
    """The Message-ID without brackets; for a broken one whatever stands there; "" for none."""
    found = ids(head, "message-id")
    return found[0] if found else BLANKS.sub("", head.text("message-id")).strip("<>")[:900]


def written_at(head: Head) -> datetime | None:
    """The Date field, aware; a date without a zone is taken as UTC; None when there is none to read."""
    text = head.text("date")[:200]
    try:
        return rfc_date(text) or iso_date(text)
    except (ValueError, OverflowError, TypeError, IndexError):
        return None


def rfc_date(text: str) -> datetime | None:
    parsed = parsedate_tz(text)
    if parsed is None or not 1970 <= parsed[0] <= 9998:
        return None
    offset = parsed[9] or 0
    return datetime(*parsed[:5], min(parsed[5], 59), tzinfo=zone(offset))


def iso_date(text: str) -> datetime | None:
    match = ISO.search(text)
    if match is None:
        return None
    year, month, day, hour, minute, second = (int(part) for part in match.groups(default="0")[:6])
    moment = datetime(year, month, day, hour, minute, min(second, 59), tzinfo=UTC)
    sign = match[7] or "Z"
    if sign == "Z":
        return moment
    seconds = (int(sign[1:3]) * 60 + int(sign[-2:])) * 60
    return moment.replace(tzinfo=zone(seconds if sign[0] == "+" else -seconds))


def zone(seconds: int) -> timezone:
    """The zone at that many seconds east; an impossible one counts as UTC."""
    return timezone(timedelta(seconds=seconds)) if abs(seconds) < 86_400 else UTC
