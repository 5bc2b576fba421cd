"""Which parts are the letter's words, and which are files: every leaf becomes one or the other."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import escape

from channels.email.reading.charsets import decode
from channels.email.reading.pages import text_of, unmarked
from channels.email.reading.parts import Part, content

META = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?([\w.:-]{2,40})", re.IGNORECASE)
ENDS = re.compile(r"\r\n|\r")
WORDS = ("text/plain", "text/html")
WORDLESS = re.compile(r"\s+")
HOLLOW = re.compile(
    r"(?:this (?:message|e-?mail|is an html)[^\n]{0,80}html|your (?:mail|e-?mail) client (?:does not|doesn't|cannot)[^\n]{0,60}html"
    r"|[^\n]{0,30}(?:view|read) (?:this|the) (?:message|e-?mail) in (?:html|a browser)|您的邮件客户端不支持)[^\n]{0,200}\Z",
    re.IGNORECASE,
)
"""A text part that only says that the words are elsewhere."""


@dataclass(slots=True)
class Segment:
    """One stretch of the letter: as plain text, as HTML, or both. `marked` is text with quotes marked."""

    plain: str | None = None
    html: str | None = None
    _text: str | None = None

    def marked(self) -> str:
        if self._text is None:
            self._text = self.plain if self.has_words() else text_of(self.html or "")
        return self._text or ""

    def has_words(self) -> bool:
        """Plain text that is a text of its own, not a stub beside the HTML."""
        if self.plain is None or self.html is None:
            return self.plain is not None
        return bool(self.plain.strip()) and not HOLLOW.match(self.plain.strip())


@dataclass(slots=True)
class Body:
    """The letter's words, its files in order, and the defects met on the way."""

    segments: list[Segment] = field(default_factory=list)
    files: list[Part] = field(default_factory=list)
    defects: list[str] = field(default_factory=list)

    @property
    def marked(self) -> str:
        """The whole text; quoted letters known from HTML are between marks."""
        return "\n".join(text for each in self.segments if (text := each.marked()).strip())

    @property
    def html(self) -> str:
        """The letter as HTML, or "" when no part of it is."""
        if not any(each.html for each in self.segments):
            return ""
        return "\n".join(
            each.html if each.html else f"<pre>{escape(each.plain or '')}</pre>" for each in self.segments
        )


def body_of(part: Part) -> Body:
    """Words and files of the whole letter."""
    body = Body()
    body.segments = without_twins(segments(part, body))
    if not body.segments:
        promote(body, alone=not part.children)
    return body


def promote(body: Body, *, alone: bool) -> None:
    """A letter whose only text has a name of its type is that text; a file name counts only for one among parts."""
    for part in body.files:
        named = bool(part.disposition.get("filename")) and not alone
        if part.content_type in WORDS and part.disposition.value != "attachment" and not named:
            body.files.remove(part)
            body.segments = [segment(part, body)]
            return


def segments(part: Part, body: Body, *, choice: bool = False) -> list[Segment]:
    """The stretches of words under a part, in order; files are noted on the way."""
    if not part.children:
        return leaf(part, body, choice=choice)
    choice = part.content_type == "multipart/alternative"
    each = [segments(child, body, choice=choice) for child in part.children]
    return merged(each) if choice else [segment for branch in each for segment in branch]


def merged(branches: list[list[Segment]]) -> list[Segment]:
    """One stretch said in several ways (RFC 2046 §5.1.4): the first with plain text, the last with HTML."""
    spoken = [branch for branch in branches if branch]
    plain = next((branch for branch in spoken if not any(each.html for each in branch)), None)
    rich = next((branch for branch in reversed(spoken) if any(each.html for each in branch)), None)
    if plain is None or rich is None:
        return plain or rich or []
    page = "\n".join(each.html or f"<pre>{escape(each.plain or '')}</pre>" for each in rich)
    return [Segment(plain="\n".join(each.plain or "" for each in plain), html=page)]


def without_twins(found: list[Segment]) -> list[Segment]:
    """A text and an HTML page with the same words, side by side where they should be alternatives, count once."""
    kept: list[Segment] = []
    for each in found:
        if kept and are_twins(kept[-1], each):
            kept[-1] = Segment(plain=kept[-1].plain, html=each.html)
        else:
            kept.append(each)
    return kept


def are_twins(text: Segment, page: Segment) -> bool:
    if text.html is not None or page.html is None or page.plain is not None:
        return False
    words = WORDLESS.sub("", text.plain or "")
    return bool(words) and words == WORDLESS.sub("", unmarked(page.marked()))


def leaf(part: Part, body: Body, *, choice: bool) -> list[Segment]:
    """Inline text is words; whatever has a name or is called an attachment is a file."""
    if is_words(part, choice=choice):
        return [segment(part, body)]
    body.files.append(part)
    return []


def is_words(part: Part, *, choice: bool) -> bool:
    """Shown and nameless; among alternatives a name (of no use there) doesn't make a file."""
    named = part.disposition.get("filename") or (part.type.get("name") and not choice)
    return part.content_type in WORDS and part.disposition.value != "attachment" and not named


def segment(part: Part, body: Body) -> Segment:
    text = text_from(part, body)
    return Segment(html=text) if part.content_type == "text/html" else Segment(plain=text)


def text_from(part: Part, body: Body) -> str:
    """The words of a text part, line ends as `\\n`."""
    raw = content(part)
    declared = part.type.get("charset")
    meta = META.search(raw[:4096]) if part.content_type == "text/html" and not declared else None
    text, defect = decode(raw, declared or (meta[1].decode("ascii") if meta else ""))
    if defect:
        body.defects.append(defect)
    text = ENDS.sub("\n", text)
    return unflowed(text, part) if part.type.get("format").lower() == "flowed" else text


def unflowed(text: str, part: Part) -> str:
    """RFC 3676: a line that ends in a space goes on in the next one. Quoted lines stay as they are quoted."""
    delsp = part.type.get("delsp").lower() == "yes"
    lines: list[list[str]] = []
    flowing = False
    for line in text.split("\n"):
        words = line if line.startswith(">") else line.removeprefix(" ")
        soft = words.endswith(" ") and words != "-- " and not words.startswith(">")
        said = words[:-1] if soft and delsp else words
        if flowing and words != "-- " and not words.startswith(">"):
            lines[-1].append(said)
        else:
            lines.append([said])
        flowing = soft
    return "\n".join("".join(pieces) for pieces in lines)
