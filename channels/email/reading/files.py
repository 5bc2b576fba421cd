"""Files of a letter: name, type, bytes; names as their writers meant them."""

from __future__ import annotations

import re
from urllib.parse import unquote

from channels.email.reading.bodies import Body
from channels.email.reading.headers import decoded_words
from channels.email.reading.parts import Part, content
from hub.domain.letters import Attachment

LONGEST_NAME = 255
CONTROLS = re.compile(r"[\x00-\x1f\x7f]")
HIDDEN = re.compile("[\u200b\u202a-\u202e\u2066-\u2069\ufeff]")
"""Direction signs and spaces nobody sees: `exe.gpj` must not read as `jpg.exe` backwards."""

CID = re.compile(r"""cid:([^\s"'<>)\\]{1,300})""", re.IGNORECASE)


def files_of(body: Body) -> tuple[Attachment, ...]:
    """Every leaf that isn't words, in the order of the letter."""
    shown = frozenset(unquote(cid).lower() for cid in CID.findall(body.html)) if body.html else frozenset()
    return tuple(attachment(part, shown) for part in body.files)


def attachment(part: Part, shown: frozenset[str]) -> Attachment:
    content_id = part.head.text("content-id").strip().strip("<>").strip()
    return Attachment(
        filename=name_of(part),
        content_type=part.content_type,
        content=content(part),
        inline=is_inline(part, content_id, shown),
        content_id=content_id,
    )


def is_inline(part: Part, content_id: str, shown: frozenset[str]) -> bool:
    """Part of the page: the page refers to it, or it asks to be shown."""
    if content_id and content_id.lower() in shown:
        return True
    location = part.head.text("content-location").lower()
    return part.disposition.value == "inline" or bool(location and location in shown)


def name_of(part: Part) -> str:
    """The file's name: `filename`, else `name`; "" when the writer gave none. Never a path to be used."""
    given = part.disposition.get("filename") or part.type.get("name")
    return safe(decoded_words(given))


def safe(name: str) -> str:
    """Without folders, control signs and signs nobody sees; a long one keeps its ending."""
    name = HIDDEN.sub("", CONTROLS.sub("", name)).strip().strip('"')
    name = re.split(r"[/\\]", name)[-1].strip() or name
    if len(name) <= LONGEST_NAME:
        return name
    stem, dot, ending = name.rpartition(".")
    return (
        stem[: LONGEST_NAME - len(ending) - 1] + dot + ending
        if dot and len(ending) < 20
        else name[:LONGEST_NAME]
    )
