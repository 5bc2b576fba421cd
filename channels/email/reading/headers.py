"""The head of a letter or part: fields as bytes, bounded, and their words decoded (RFC 5322, 2047, 6532)."""

from __future__ import annotations

import binascii
import re
from dataclasses import dataclass, field

from channels.email.reading.charsets import decode, known, plain, strictly

MOST_FIELDS = 2_000
MOST_BYTES = 64 * 1024
"""Of one field. No honest Subject or To line is longer; the raw letter keeps the rest."""

FIELD = re.compile(rb"([!-9;-~]{1,200})[ \t]*:(.*)", re.DOTALL)
NEW_LINE = re.compile(rb"\r\n|\n|\r")
KNOWN_FIELD = re.compile(
    rb"(?:from|to|cc|subject|date|message-id|in-reply-to|references|reply-to|sender|mime-version|received"
    rb"|return-path|content-[a-z-]+|x-[a-z0-9-]+)[ \t]*:",
    re.IGNORECASE,
)
PADDING = re.compile(rb"=+")
NOT_BASE64 = bytes(
    set(range(256)) - set(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=")
)
FOLD = re.compile(rb"[\r\n]+[ \t]*")
BLANKS = re.compile(r"[ \t]*[\r\n]+[ \t]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """Fields in order, names in lower case, values as raw bytes with their folds; `charset` reads bare 8-bit ones."""

    fields: tuple[tuple[str, bytes], ...] = ()
    defects: tuple[str, ...] = ()
    charset: str = ""
    index: dict[str, list[bytes]] = field(default_factory=dict)

    def all(self, name: str) -> list[bytes]:
        """Every value of a field, topmost first."""
        return self.index.get(name, [])

    def first(self, name: str) -> bytes:
        """The topmost value, or b""."""
        values = self.index.get(name)
        return values[0] if values else b""

    def text(self, name: str) -> str:
        """The topmost value decoded and unfolded, or ""."""
        return words(self.first(name), self.charset)

    def token(self, name: str) -> str:
        """The topmost value as lower-case ASCII, for keyword fields."""
        return self.text(name).strip().lower()


def head_of(block: bytes) -> Head:
    """The fields of a header block. Lines that are none of it are noted, never fatal."""
    fields: list[tuple[str, bytes]] = []
    defects: list[str] = []
    for line in unfolded(block):
        match = FIELD.match(line)
        if match is None:
            defects.append(f"not a header line: {plain(line[:60].decode('latin-1'))!r}")
        elif len(fields) < MOST_FIELDS:
            fields.append((match[1].decode("latin-1").lower(), cut(match[2], match[1], defects)))
    if len(fields) == MOST_FIELDS:
        defects.append(f"only the first {MOST_FIELDS} header fields were read")
    index: dict[str, list[bytes]] = {}
    for name, value in fields:
        index.setdefault(name, []).append(value)
    return Head(fields=tuple(fields), defects=tuple(defects[:20]), index=index)


def cut(value: bytes, name: bytes, defects: list[str]) -> bytes:
    if len(value) > MOST_BYTES:
        defects.append(
            f"{name.decode('latin-1')[:60]} is {len(value)} bytes long; the first {MOST_BYTES} were read"
        )
    return value[:MOST_BYTES].strip(b" \t\r\n")


def unfolded(block: bytes) -> list[bytes]:
    """Logical lines: a line that starts with white space belongs to the one before it."""
    lines: list[list[bytes]] = []
    for line in NEW_LINE.split(block):
        if line[:1] in (b" ", b"\t") and lines:
            lines[-1].append(line)
        elif line.strip():
            lines.append([line])
    return [b"\n".join(parts) for parts in lines]


def split_head(raw: bytes) -> tuple[bytes, bytes]:
    """(header block, body). The head ends at the first empty line, or where lines stop looking like fields."""
    at, end = 0, len(raw)
    while at < end:
        stop, after = line_end(raw, at)
        line = raw[at:stop]
        if not line or (not line.strip(b" \t") and not fields_follow(raw, after)):
            return raw[:at], raw[after:]
        fits = line[:1] in (b" ", b"\t") or FIELD.match(line) or line.startswith((b"From ", b">From "))
        if not fits and not fields_follow(raw, after):
            return raw[:at], raw[at:]
        at = after
    return raw, b""


def line_end(raw: bytes, at: int) -> tuple[int, int]:
    """(end of the line's text, start of the next line). Ends are CRLF, LF or a bare CR."""
    match = NEW_LINE.search(raw, at)
    return (match.start(), match.end()) if match else (len(raw), len(raw))


def fields_follow(raw: bytes, at: int) -> bool:
    """A stray line amid the head (a subject broken by its writer), not the start of the body."""
    lines = NEW_LINE.split(raw[at : at + 2_000], maxsplit=4)
    empty = next((i for i, line in enumerate(lines) if not line.strip()), len(lines))
    return any(KNOWN_FIELD.match(line) for line in lines[:empty][:4])


def words(value: bytes, charset: str = "") -> str:
    """A field's value as text: unfolded, encoded words decoded, 8-bit bytes read as UTF-8 or `charset`."""
    return decoded_words(bare(value, charset))


def bare(value: bytes, charset: str = "") -> str:
    """A field's value as text, unfolded, encoded words untouched."""
    if value.isascii() and b"\x1b" not in value:
        text = plain(value.decode("ascii"))
    elif b"\x1b$" in value:
        text = decode(value, "iso-2022-jp")[0]
    else:
        text = decode(FOLD.sub(b" ", value), "", charset)[0]
    return BLANKS.sub(" ", text).strip(" ") if "\n" in text or "\r" in text else text.strip(" \t")


@dataclass(frozen=True, slots=True)
class Word:
    """An encoded word, or plain text between two when `charset` is None."""

    charset: str | None
    content: bytes | str


def decoded_words(text: str) -> str:
    """RFC 2047 with the mercy real letters need: words in quotes, words that touch, words cut inside a character."""
    if "=?" not in text:
        return text
    out: list[str] = []
    group: list[Word] = []
    for word in scan(text):
        if word.charset is not None and (not group or same(group[0], word)):
            group.append(word)
            continue
        out.append(joined(group))
        group = [word] if word.charset is not None else []
        if word.charset is None:
            out.append(str(word.content))
    out.append(joined(group))
    return plain("".join(out))


def same(one: Word, other: Word) -> bool:
    return known(one.charset or "") == known(other.charset or "")


def joined(group: list[Word]) -> str:
    """The words of one charset as one string: a character may be cut between two of them."""
    if not group:
        return ""
    pieces = [word.content for word in group if isinstance(word.content, bytes)]
    charset = group[0].charset or ""
    codec = known(charset) or "ascii"
    alone = [strictly(piece, codec) for piece in pieces]
    if strictly(b"".join(pieces), codec) is None and None not in alone:
        return "".join(text for text in alone if text is not None)
    return decode(b"".join(pieces), charset)[0]


def scan(text: str) -> list[Word]:
    """Encoded words and the text between them, in one pass; white space between two words is dropped."""
    found: list[Word] = []
    at = 0
    while (start := text.find("=?", at)) >= 0:
        word, end = encoded_word(text, start)
        if end < 0:
            break
        if word is None:
            found.append(Word(None, text[at:end]))
        else:
            between = text[at:start]
            if between.strip() or not (found and found[-1].charset is not None):
                found.append(Word(None, between))
            found.append(word)
        at = end
    found.append(Word(None, text[at:]))
    return found


def encoded_word(text: str, start: int) -> tuple[Word | None, int]:
    """The word at `start` and where it ends; (None, after the mark) if it is none; end -1 if none can follow."""
    charset_end = text.find("?", start + 2)
    if charset_end < 0:
        return None, -1
    kind = text[charset_end + 1 : charset_end + 3].lower()
    charset = text[start + 2 : charset_end]
    if kind not in ("b?", "q?") or len(charset) > 60 or " " in charset or not charset:
        return None, start + 2
    end = text.find("?=", charset_end + 3)
    if end < 0:
        return None, -1
    body = text[charset_end + 3 : end].encode("utf-8", "replace")
    content = from_q(body) if kind == "q?" else from_base64(body)
    return Word(charset.partition("*")[0], content), end + 2


def from_q(body: bytes) -> bytes:
    """RFC 2047 §4.2."""
    return binascii.a2b_qp(body, header=True)


def from_base64(body: bytes) -> bytes:
    """Base64 with missing or early padding forgiven; what is left over after the last whole byte is dropped."""
    letters = body.translate(None, NOT_BASE64)
    return b"".join(binascii.a2b_base64(padded(run)) for run in PADDING.split(letters.rstrip(b"=")))


def padded(run: bytes) -> bytes:
    whole = run[:-1] if len(run) % 4 == 1 else run
    return whole + b"=" * (-len(whole) % 4)
