"""`Content-Type` and `Content-Disposition`: a value and its parameters (RFC 2045, 2231), in one bounded pass."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import unquote_to_bytes

from channels.email.reading.charsets import decode
from channels.email.reading.headers import bare, decoded_words

MOST_PARAMETERS = 500
VALUE = re.compile(r"[^;\s]*")
PARAMETER = re.compile(r';\s*([^\s=;"]{1,100})\s*=\s*(?:"((?:[^"\\]|\\.)*)"?|([^;]*))', re.DOTALL)
SECTION = re.compile(r"([^*]+)(?:\*(\d{1,4}))?(\*)?\Z")
ESCAPED = re.compile(r"\\(.)", re.DOTALL)
TYPE = re.compile(r"[a-z0-9!#$&^_.+-]+/[a-z0-9!#$&^_.+-]+\Z")


@dataclass(frozen=True, slots=True)
class Parameters:
    """`value` in lower case and its parameters, decoded, names in lower case."""

    value: str = ""
    given: dict[str, str] = field(default_factory=dict)

    def get(self, name: str) -> str:
        return self.given.get(name, "")


def parameters(raw: bytes, charset: str = "") -> Parameters:
    """Read a header value. A repeated parameter counts once, the first; what can't be read is left out."""
    text = bare(raw, charset)
    value = VALUE.match(text)
    plain: dict[str, str] = {}
    sections: dict[str, list[tuple[int, bool, str]]] = {}
    for count, match in enumerate(PARAMETER.finditer(text)):
        if count >= MOST_PARAMETERS:
            break
        note(match, plain, sections)
    # RFC 2231 wins over a plain twin: senders add the twin for old readers, often damaged.
    extended = {name: sectioned(parts, charset) for name, parts in sections.items()}
    return Parameters((value[0] if value else "").strip().lower(), plain | extended)


def note(
    match: re.Match[str], plain: dict[str, str], sections: dict[str, list[tuple[int, bool, str]]]
) -> None:
    """Put one parameter where it belongs: whole and plain, or a section of RFC 2231."""
    content = unescaped(match[2]) if match[2] is not None else match[3].strip()
    named = SECTION.match(match[1].lower())
    if named is None:
        return
    name, number, extended = named[1], named[2], bool(named[3])
    if number is None and not extended:
        plain.setdefault(name, decoded_words(content))
    else:
        sections.setdefault(name, []).append((int(number or 0), extended, content))


def unescaped(quoted: str) -> str:
    """A quoted string's content. A backslash before anything but a quote or backslash is a Windows path, kept."""
    return ESCAPED.sub(lambda m: m[1] if m[1] in '"\\' else m[0], quoted)


def sectioned(parts: list[tuple[int, bool, str]], charset: str) -> str:
    """Sections in the order of their numbers, percent-decoded together: a character may span two of them."""
    ordered = sorted(parts, key=lambda part: part[0])
    declared = charset
    raw = b""
    for position, (_, extended, content) in enumerate(ordered):
        if extended and position == 0 and content.count("'") >= 2:
            declared, _, content = content.split("'", 2)
        raw += unquote_to_bytes(content) if extended else content.encode("utf-8", "replace")
    text = decode(raw, declared)[0]
    return decoded_words(text) if not any(extended for _, extended, _ in ordered) else text


def media_type(value: str) -> str:
    """A syntactically sound media type, or ""."""
    cleaned = value.strip().strip("\"'").rstrip(".")
    return cleaned if len(cleaned) < 128 and TYPE.match(cleaned) else ""
