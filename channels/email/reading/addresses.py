"""Address fields (RFC 5322 §3.4) by one pass over the raw text, so that no crafted name passes for an address.

The standard library's `getaddresses` picks the wrong one from crafted fields (CVE-2023-27043) and needs
quadratic time; here structure is found before encoded words are opened, and what is odd is said.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from channels.email.reading.headers import bare, decoded_words
from hub.domain.letters import Address

MOST_ADDRESSES = 1_000
SPECIAL = re.compile(r'=\?[^?\s]{1,60}\?[bBqQ]\?[^?]{0,2000}\?=|["(<>,;:\\]')
SPEC = re.compile(
    r"""(?:[^\s@<>()\[\]:;,"\\]+|"(?:[^"\\]|\\.)*")@(?:[^\s@<>()\[\]:;,"\\]+|\[[0-9A-Fa-fIPv.:]+\])\Z""",
    re.DOTALL,
)
LOOSE = re.compile(r"<?([^\s@<>()\[\]:;,\"'\\]{1,200}@[^\s@<>()\[\]:;,\"'\\]{1,255})>?")
SPACES = re.compile(r"\s+")


@dataclass(slots=True)
class Mailbox:
    """What stood between two commas, taken apart but not yet opened. `odd` says what was not regular."""

    name: str = ""
    quoted: str = ""
    angle: str | None = None
    comment: str = ""
    odd: str = ""


def addresses(values: list[bytes], charset: str = "") -> tuple[tuple[Address, ...], tuple[str, ...]]:
    """Every mailbox of the fields, groups flattened, and what was wrong with them."""
    found: list[Address] = []
    defects: list[str] = []
    for value in values:
        for mailbox in mailboxes(bare(value, charset), defects):
            if len(found) >= MOST_ADDRESSES:
                return tuple(found), (*defects[:5], f"only the first {MOST_ADDRESSES} addresses were read")
            address = opened(mailbox)
            if mailbox.odd:
                defects.append(mailbox.odd)
            if address.address or address.name:
                found.append(address)
    return tuple(found), tuple(defects[:5])


def mailboxes(text: str, defects: list[str]) -> list[Mailbox]:
    """Cut at commas, semicolons and group names outside quotes, comments and angles."""
    boxes = [Mailbox()]
    at = 0
    while (match := SPECIAL.search(text, at)) is not None:
        box = boxes[-1]
        add(box, text[at : match.start()])
        sign, start = match[0], match.end()
        if sign == '"':
            content, at = quoted(text, start)
            note_quoted(box, content)
        elif sign == "(":
            content, at = comment(text, start)
            box.comment = box.comment or content
        elif sign == "<":
            at = angle(box, text, start)
        elif sign == ":":
            at = colon(box, start, defects)
        elif sign in ",;":
            at = start
            boxes.append(Mailbox())
        elif len(sign) > 1:
            add(box, sign)
            at = start
        else:
            box.odd = f"a stray {sign!r} in an address"
            at = start
    add(boxes[-1], text[at:])
    return [box for box in boxes if box.name.strip() or box.quoted or box.angle is not None]


def add(box: Mailbox, piece: str) -> None:
    if piece.strip() and box.angle is not None:
        box.odd = "text after an address"
    box.name += piece


def note_quoted(box: Mailbox, content: str) -> None:
    """A quoted string is a name, or with `@` after it the local part of a bare address."""
    box.quoted = f"{box.quoted} {content}".strip()
    box.name += f'"{content}"'


def colon(box: Mailbox, start: int, defects: list[str]) -> int:
    """A group's name ends: it names nobody. Inside a bare address a colon is odd."""
    if "@" in box.name:
        box.odd = "a colon in an address"
    else:
        defects.append(f"a group of addresses: {decoded_words(box.name.strip())[:60]!r}")
    box.name = box.quoted = ""
    return start


def quoted(text: str, start: int) -> tuple[str, int]:
    """(content, position after the closing quote)."""
    match = re.compile(r'((?:[^"\\]|\\.)*)("?)', re.DOTALL).match(text, start)
    content = match[1] if match else ""
    return re.sub(r"\\(.)", r"\1", content), match.end() if match else len(text)


def comment(text: str, start: int) -> tuple[str, int]:
    """(content, position after the comment); nesting is counted, not recursed into."""
    depth = 1
    for match in re.compile(r"\\.|[()]", re.DOTALL).finditer(text, start):
        depth += {"(": 1, ")": -1}.get(match[0], 0)
        if depth == 0:
            return text[start : match.start()], match.end()
    return text[start:], len(text)


def angle(box: Mailbox, text: str, start: int) -> int:
    """Read `<…>`; a second one in the same mailbox is a forger's or a broken writer's: the last one counts."""
    end = text.find(">", start)
    end = len(text) if end < 0 else end
    if box.angle is not None:
        box.odd = "two addresses without a comma"
    box.angle = text[start:end].strip()
    if "<" in box.angle:
        box.odd = "an angle within an angle"
        box.angle = box.angle.rpartition("<")[2]
    return end + 1


def opened(mailbox: Mailbox) -> Address:
    """The mailbox as name and address, encoded words opened last."""
    if mailbox.angle is not None:
        # RFC 5322 §4.4: "<@relay,@relay:user@host>" names relays nobody uses any more.
        spec = mailbox.angle.rpartition(":")[2] if mailbox.angle.startswith("@") else mailbox.angle
        if "@" in mailbox.name and not mailbox.quoted and spec.lower() not in mailbox.name.lower():
            mailbox.odd = mailbox.odd or "a name that is another address"
        return checked(SPACES.sub("", spec) if '"' not in spec else spec, display(mailbox), mailbox)
    bare_spec = (
        SPACES.sub("", mailbox.name) if "@" in mailbox.name and '"' not in mailbox.name else mailbox.name
    )
    if SPEC.match(bare_spec.strip()):
        return checked(bare_spec.strip(), decoded_words(mailbox.comment.strip()), mailbox)
    return salvaged(mailbox)


def checked(spec: str, name: str, mailbox: Mailbox) -> Address:
    spec = decoded_words(spec).removeprefix("mailto:").strip("'")
    if not SPEC.match(spec):
        mailbox.odd = mailbox.odd or f"not a mail address: {spec[:80]!r}"
    return Address(address=spec, name=name)


def display(mailbox: Mailbox) -> str:
    """The name before an angle: quotes gone, encoded words opened, blanks made single; else the comment."""
    name = decoded_words(
        SPACES.sub(" ", mailbox.name.replace('"', "") if not mailbox.quoted else unquoted(mailbox))
    )
    return SPACES.sub(" ", name).strip() or decoded_words(mailbox.comment).strip()


def unquoted(mailbox: Mailbox) -> str:
    """A name partly in quotes: the signs fall, their content stays."""
    if mailbox.name.strip() == f'"{mailbox.quoted}"':
        return mailbox.quoted
    return mailbox.name.replace('"', "")


def salvaged(mailbox: Mailbox) -> Address:
    """A whole `Name <address>` hidden in an encoded word, or an address with junk around it."""
    text = decoded_words(mailbox.name.replace('"', "")).strip()
    match = LOOSE.search(text)
    mailbox.odd = mailbox.odd or f"not a mail address: {text[:80]!r}"
    if match is None:
        return Address(address="", name=SPACES.sub(" ", text))
    return Address(address=match[1], name=SPACES.sub(" ", text[: match.start()]).strip(" \"'"))
