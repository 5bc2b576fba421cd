"""One reader per kind of value: each takes what was found and gives the value, or raises `Unfit` saying what to write instead."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast
from urllib.parse import SplitResult, unquote, urlsplit

Read = Callable[[object, Path], object]
"""(what was found, folder that relative paths start from) → value. Raises `Unfit`."""

Language = Literal["en", "zh"]
Security = Literal["tls", "starttls", "none"]


class Unfit(Exception):
    """The text says what to write instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listen:
    """Where the hub listens."""

    host: str
    port: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ImapWire:
    """Where letters are fetched. `tls` is off only towards this machine or when said to be insecure."""

    host: str
    port: int
    user: str
    folder: str
    tls: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpWire:
    """Where letters are handed over. `user` empty: without signing in."""

    host: str
    port: int
    user: str
    security: Security


def text(found: object, _: Path) -> str:
    if not isinstance(found, str):
        raise Unfit("Write text in quotes.")
    return found


def name(found: object, _: Path) -> str:
    if not isinstance(found, str) or not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,62}", found):
        raise Unfit("Write a short name of lower-case letters, digits and hyphens, like support.")
    return found


def address(found: object, _: Path) -> str:
    if not isinstance(found, str) or not re.fullmatch(r"[^@\s<>\"(),:;]+@[^@\s<>\"(),:;]+", found):
        raise Unfit("Write one e-mail address, like support@shop.example.")
    return found


def truth(found: object, _: Path) -> bool:
    words = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
    if isinstance(found, bool):
        return found
    if isinstance(found, str) and found.lower() in words:
        return words[found.lower()]
    raise Unfit("Write true or false.")


def number(least: float, most: float, *, whole: bool = False) -> Read:
    def read(found: object, _: Path) -> float:
        try:
            value = float(cast("str", found)) if not isinstance(found, bool) else float("nan")
        except (TypeError, ValueError):
            value = float("nan")
        if not least <= value <= most or (whole and value != int(value)):
            raise Unfit(f"Write a {'whole ' if whole else ''}number from {least:g} to {most:g}.")
        return int(value) if whole else value

    return read


def path(found: object, base: Path) -> Path:
    if not isinstance(found, str) or not found:
        raise Unfit("Write the path of a file or folder in quotes.")
    return (base / Path(found).expanduser()).absolute()


def existing_file(found: object, base: Path) -> Path:
    file = path(found, base)
    if not file.is_file():
        raise Unfit(f"There is no such file ({file}). Create it or correct the path.")
    return file


def language(found: object, _: Path) -> Language:
    if found not in ("en", "zh"):
        raise Unfit('Write "en" or "zh".')
    return found


def texts(found: object, _: Path) -> tuple[str, ...]:
    if not isinstance(found, list) or not all(isinstance(one, str) and one for one in found):
        raise Unfit('Write a list of texts, like ["mx.shop.example"].')
    return tuple(found)


def origins(found: object, base: Path) -> tuple[str, ...]:
    written = texts(found, base)
    if any(not re.fullmatch(r"https?://[^/\s*]+", one) for one in written):
        raise Unfit('Write a list of origins without a path, like ["https://www.shop.example"].')
    return written


def listen(found: object, _: Path) -> Listen:
    host, _colon, port = found.rpartition(":") if isinstance(found, str) else ("", "", "")
    if not host or not port.isdecimal() or int(port) > 65535:
        raise Unfit("Write host:port, like 127.0.0.1:8025.")
    return Listen(host=host.strip("[]"), port=int(port))


def web_address(found: object, _: Path) -> str:
    parts = _split(found)
    if (
        parts is None
        or parts.scheme not in ("http", "https")
        or not parts.hostname
        or parts.query
        or parts.fragment
    ):
        raise Unfit("Write the address that browsers use, like https://desk.shop.example.")
    return cast("str", found).rstrip("/")


def imap(found: object, _: Path) -> ImapWire:
    parts = _split(found)
    if parts is None or parts.scheme not in ("imaps", "imap") or not parts.hostname or not parts.username:
        raise Unfit("Write imaps://user@host:993/INBOX.")
    _refuse_password(parts)
    return ImapWire(
        host=parts.hostname,
        port=parts.port or (993 if parts.scheme == "imaps" else 143),
        user=unquote(parts.username),
        folder=unquote(parts.path.strip("/")) or "INBOX",
        tls=parts.scheme == "imaps",
    )


SMTP_KINDS: dict[str, tuple[Security, int]] = {
    "smtps": ("tls", 465),
    "smtp+starttls": ("starttls", 587),
    "smtp": ("none", 25),
}


def smtp(found: object, _: Path) -> SmtpWire:
    parts = _split(found)
    if parts is None or parts.scheme not in SMTP_KINDS or not parts.hostname or parts.path.strip("/"):
        raise Unfit("Write smtp+starttls://user@host:587 or smtps://user@host:465.")
    _refuse_password(parts)
    security, port = SMTP_KINDS[parts.scheme]
    user = unquote(parts.username or "")
    return SmtpWire(host=parts.hostname, port=parts.port or port, user=user, security=security)


def database(found: object, _: Path) -> str:
    parts = _split(found)
    if parts is None or parts.scheme not in ("postgresql", "postgres") or not parts.path.strip("/"):
        raise Unfit("Write postgresql://user@host:5432/database.")
    if parts.password is not None or "password=" in parts.query:
        raise Unfit(
            "Take the password out of the address: put it into ~/.pgpass, or name its file in PGPASSFILE."
        )
    return cast("str", found)


def bus(found: object, _: Path) -> str:
    parts = _split(found)
    if parts is None or parts.scheme not in ("nats", "tls") or not parts.hostname:
        raise Unfit("Write nats://host:4222, or tls://host:4222.")
    return cast("str", found)


def is_loopback(host: str) -> bool:
    """This very machine, by name or number; other names are not looked up."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _split(found: object) -> SplitResult | None:
    try:
        parts = urlsplit(found) if isinstance(found, str) else None
        _ = parts.port if parts else None  # raises when it is not a port
    except ValueError:
        return None
    return parts


def _refuse_password(parts: SplitResult) -> None:
    if parts.password is not None:
        raise Unfit(
            "Take the password out of the address: put it into an owner-only file and name it in password_file."
        )
