"""The tree of a letter's parts (RFC 2046), read from the bytes in linear time with bounded depth and count."""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from channels.email.reading.headers import Head, from_base64, head_of, split_head
from channels.email.reading.parameters import Parameters, media_type, parameters

DEEPEST = 30
MOST_PARTS = 1_000
REST = re.compile(rb"(--)?[ \t]*(?=[\r\n]|\Z)")
BASE64_TEXT = re.compile(rb"[A-Za-z0-9+/\s]*(?:=[=\s]*)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One node. A leaf has `body` still in its transfer encoding; a multipart has `children`."""

    head: Head
    content_type: str
    type: Parameters
    disposition: Parameters
    body: bytes = b""
    children: tuple[Part, ...] = ()

    @property
    def is_multipart(self) -> bool:
        return bool(self.children)


@dataclass(slots=True)
class Budget:
    """What is left to spend on one letter, and what was found wrong while spending it."""

    parts: int = MOST_PARTS
    charset: str = ""
    """The first charset a part declared: the likely one of bare 8-bit file names."""
    defects: list[str] = field(default_factory=list)


def part_of(raw: bytes, budget: Budget, *, depth: int = 0, default: str = "text/plain") -> Part:
    """The part in `raw` (head, empty line, body). Past the bounds a multipart stays one leaf: nothing is lost."""
    block, body = split_head(raw)
    head = head_of(block)
    kind = parameters(head.first("content-type"), budget.charset)
    named = media_type(kind.value)
    content_type = named or default
    budget.charset = budget.charset or kind.get("charset")
    if kind.value and not named:
        budget.defects.append(f"unreadable Content-Type {kind.value[:60]!r}")
    part = Part(
        head=replace(head, charset=budget.charset),
        content_type=content_type,
        type=kind,
        disposition=parameters(head.first("content-disposition"), budget.charset),
        body=body,
    )
    return with_children(part, budget, depth) if content_type.startswith("multipart/") else part


def with_children(part: Part, budget: Budget, depth: int) -> Part:
    """The multipart split, or the same part as a leaf of text when it can't be."""
    boundary = part.type.get("boundary").rstrip().encode("utf-8", "replace")
    if depth >= DEEPEST:
        budget.defects.append(f"parts nested deeper than {DEEPEST} are kept as one file")
        return replace(part, content_type="application/octet-stream")
    pieces = list(split(part.body, boundary, budget)) if boundary else []
    if not pieces and b"base64" in part.head.first("content-transfer-encoding").lower():
        pieces = list(split(from_base64(part.body), boundary, budget)) if boundary else []
    if not pieces:
        budget.defects.append("a multipart without parts is read as text")
        return replace(part, content_type="text/plain")
    default = "message/rfc822" if part.content_type == "multipart/digest" else "text/plain"
    children = tuple(part_of(piece, budget, depth=depth + 1, default=default) for piece in pieces)
    return replace(part, body=b"", children=children)


def split(body: bytes, boundary: bytes, budget: Budget) -> Iterator[bytes]:
    """The raw parts between delimiter lines; the line end before a delimiter belongs to it (RFC 2046 §5.1.1)."""
    start = -1
    for begin, end, closing in delimiters(body, b"--" + boundary):
        if start >= 0:
            yield body[start:begin]
            budget.parts -= 1
        start = line_after(body, end)
        if closing:
            if body[start:].strip():
                budget.defects.append("text after the last part")
            return
        if budget.parts <= 0:
            budget.defects.append(f"only the first {MOST_PARTS} parts were told apart")
            break
    if start >= 0:
        budget.defects.append("the last part is not closed")
        yield body[start:]


def delimiters(body: bytes, mark: bytes) -> Iterator[tuple[int, int, bool]]:
    """(start with the line end before it, end, closes?) of each line that is the mark and nothing more."""
    at = -1
    while (at := body.find(mark, at + 1)) >= 0:
        rest = REST.match(body, at + len(mark))
        if rest and (at == 0 or body[at - 1] in b"\r\n"):
            before = 2 if body[at - 2 : at] == b"\r\n" else 1
            yield max(0, at - before), rest.end(), rest[1] is not None


def line_after(body: bytes, at: int) -> int:
    """The start of the next line; a part without head may begin with the empty line itself."""
    return at + (2 if body[at : at + 2] == b"\r\n" else 1)


def leaves(part: Part) -> Iterator[Part]:
    """Every leaf, in the order of the letter."""
    if not part.children:
        yield part
    for child in part.children:
        yield from leaves(child)


def content(part: Part) -> bytes:
    """A leaf's bytes with the transfer encoding undone; an unknown encoding leaves them as they are."""
    encoding = part.head.token("content-transfer-encoding").partition(";")[0].strip().strip("\"'")
    if encoding == "base64":
        return base64_body(part.body, text=part.content_type.startswith("text/"))
    if encoding == "quoted-printable":
        return binascii.a2b_qp(part.body)
    if encoding in ("x-uuencode", "uuencode", "uue", "x-uue"):
        return from_uu(part.body)
    return part.body


def base64_body(body: bytes, *, text: bool) -> bytes:
    """Decoded; plain lines that a list server hung below an encoded text stay readable."""
    match = BASE64_TEXT.match(body)
    encoded, rest = (body[: match.end()], body[match.end() :]) if match and text else (body, b"")
    if text and not encoded.strip() and rest:
        return body
    footer = re.search(rb"\n[^\n]*\Z", encoded) if rest else None
    if footer and rest:
        encoded, rest = encoded[: footer.start()], encoded[footer.start() :] + rest
    return from_base64(encoded) + rest


def from_uu(body: bytes) -> bytes:
    """Uuencoded lines between `begin` and `end`; damaged lines are skipped."""
    out = bytearray()
    lines = iter(body.splitlines())
    for line in lines:
        if line.startswith(b"begin "):
            break
    for line in lines:
        if line.strip() in (b"end", b"`", b""):
            continue
        try:
            out += binascii.a2b_uu(line)
        except binascii.Error:
            used = (
                ((line[0] - 32) & 63) * 4 + 5
            ) // 3  # encoders that pad the line (RFC-less, CPython does the same)
            out += lenient_uu(line[:used])
    return bytes(out)


def lenient_uu(line: bytes) -> bytes:
    try:
        return binascii.a2b_uu(line)
    except binascii.Error:
        return b""
