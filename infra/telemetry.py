"""Structured log lines without personal data: an allow-list of fields, secrets and addresses blotted out, no message text."""

from __future__ import annotations

import json
import logging
import re
import sys
import traceback
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Final, Literal, TextIO

FIELDS: Final = frozenset(
    [
        "account",
        "attempt",
        "cause",
        "command",
        "complaint",
        "conversation",
        "count",
        "customer",
        "delivery",
        "kind",
        "mailbox",
        "message",
        "page",
        "position",
        "policy",
        "port",
        "projection",
        "route",
        "seconds",
        "status",
        "stream",
        "verb",
        "version",
        "worker",
    ]
)
"""What a line may carry besides its sentence: ids, names of our own things, numbers."""

BLOT: Final = "…"
PERSONAL: Final = (
    re.compile(r"[^\s<>\"'(),:;=]+@[^\s<>\"'(),:;=]+"),  # addresses, and user@host in URLs
    re.compile(r"(?<![\w.-])\+?\d[\d ()/-]{7,}\d(?![\w-])"),  # telephone and card numbers
)
URL_SECRET: Final = re.compile(r"(?i)\b(token|password|secret|key|code|signature)=[^\s&\"']+")


class Blotter(logging.Filter):
    """Knows the secrets of this process; what it lets through has none of them in it."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        super().__init__()
        self._secrets = {secret for secret in secrets if len(secret) >= 4}

    def learn(self, secret: str) -> None:
        """From now on this is blotted out (a password that was read, a token that was made)."""
        if len(secret) >= 4:
            self._secrets.add(secret)

    def clean(self, text: str) -> str:
        for secret in sorted(self._secrets, key=len, reverse=True):
            text = text.replace(secret, BLOT)
        text = URL_SECRET.sub(lambda found: f"{found[1]}={BLOT}", text)
        for pattern in PERSONAL:
            text = pattern.sub(BLOT, text)
        return text

    def filter(self, record: logging.LogRecord) -> bool:
        record.said = self.clean(record.getMessage())
        record.where = _where(record)
        record.facts = {
            name: self.clean(value) if isinstance(value, str) else value
            for name, value in record.__dict__.items()
            if name in FIELDS and isinstance(value, (str, int, float)) and value != ""
        } | {name: str(value) for name, value in record.__dict__.items() if name in FIELDS and _is_id(value)}
        return True


class JsonLines(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": _at(record),
            "level": record.levelname.lower(),
            "from": record.name,
            "says": _said(record),
        }
        return json.dumps(line | _extra(record), ensure_ascii=False)


class Plain(logging.Formatter):
    """For people at a terminal."""

    def format(self, record: logging.LogRecord) -> str:
        facts = " ".join(f"{name}={value}" for name, value in _extra(record).items())
        return f"{_at(record)[11:19]} {record.levelname.lower():7} {_said(record)} {facts}".rstrip()


def start_logging(
    *,
    form: Literal["json", "plain"] = "plain",
    level: str = "INFO",
    to: TextIO | None = None,
    secrets: Iterable[str] = (),
) -> Blotter:
    """Send every log line of the process through one handler; returns the blotter, to teach it secrets read later."""
    blotter, handler = Blotter(secrets), logging.StreamHandler(to or sys.stderr)
    handler.setFormatter(JsonLines() if form == "json" else Plain())
    handler.addFilter(blotter)
    root = logging.getLogger()
    for other in list(root.handlers):
        root.removeHandler(other)
    root.addHandler(handler)
    root.setLevel(level)
    logging.getLogger("uvicorn.access").setLevel(
        logging.WARNING
    )  # its lines hold addresses and query strings
    return blotter


def _where(record: logging.LogRecord) -> list[str]:
    """Kind of error and the lines it went through; never its message, which may quote a letter."""
    if not record.exc_info or record.exc_info[0] is None:
        return []
    frames = traceback.extract_tb(record.exc_info[2])
    return [
        record.exc_info[0].__name__,
        *(f"{frame.filename.split('/')[-1]}:{frame.lineno}" for frame in frames[-8:]),
    ]


def _is_id(value: object) -> bool:
    return type(value).__name__ == "UUID"


def _at(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")


def _said(record: logging.LogRecord) -> str:
    said: str = record.__dict__.get("said", "")
    return said


def _extra(record: logging.LogRecord) -> dict[str, Any]:
    where = record.__dict__.get("where")
    return {**record.__dict__.get("facts", {}), **({"error": where} if where else {})}
