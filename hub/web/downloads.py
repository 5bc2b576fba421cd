"""Bytes of strangers on their way to a browser: always a download, never a page, under a harmless name."""

from __future__ import annotations

import re
import unicodedata
from typing import Final
from urllib.parse import quote

from starlette.responses import Response

PICTURES: Final = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
MAGIC: Final = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
)
LONGEST: Final = 120
"""Characters of a name, ending included."""

_WEIRD: Final = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]')
HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cache-Control": "private, no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def download(content: bytes, filename: str, content_type: str = "application/octet-stream") -> Response:
    """The bytes as an attachment; the type is told only where it can't be taken for a page."""
    told = (
        content_type
        if re.fullmatch(r"[a-z0-9.+-]+/[a-z0-9.+-]+", content_type)
        else "application/octet-stream"
    )
    dangerous = any(word in told for word in ("html", "svg", "xml", "javascript"))
    media = "application/octet-stream" if dangerous else told
    return Response(
        content, headers={**HEADERS, "Content-Disposition": disposition(filename)}, media_type=media
    )


def picture(content: bytes) -> Response | None:
    """The bytes shown in place, when they are of a kind of picture that can't run anything; None otherwise."""
    kind = picture_type(content)
    return (
        Response(content, headers={**HEADERS, "Content-Disposition": "inline"}, media_type=kind)
        if kind
        else None
    )


def picture_type(content: bytes) -> str | None:
    """What the bytes themselves say they are; what the letter says is not asked."""
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for magic, kind in MAGIC if content.startswith(magic)), None)


def disposition(filename: str) -> str:
    """`Content-Disposition: attachment` with a plain and an exact name (RFC 6266 §4.3, RFC 8187)."""
    name = safe_name(filename)
    plain = re.sub(r'[^\x20-\x7e]|["\\%;]', "_", name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def safe_name(filename: str) -> str:
    """A name without folders, control or invisible characters, leading dots; never empty."""
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", filename))[-1]
    visible = "".join(
        char for char in last if unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
    )
    name = _WEIRD.sub("_", visible).strip(" .")
    stem, dot, ending = name.rpartition(".")
    if len(name) > LONGEST:
        name = f"{stem[: LONGEST - 12]}{dot}{ending[:11]}" if dot else name[:LONGEST]
    return name or "file"
