"""Words of a letter in the forms that a header can carry (RFC 2047), with nothing that could end a line."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator

CONTROLS = re.compile(r"[\x00-\x1f\x7f\u0080-\u009f\u2028\u2029]+")
NOT_IN_ID = re.compile(r"[\s<>\x00-\x1f\x7f]+")
WORD_BYTES = 42
"""UTF-8 bytes per encoded word: 56 base64 letters and the frame stay below the 75 of RFC 2047 §2."""


def text(value: str) -> str:
    """Unstructured text: ASCII as it is, anything else as encoded words."""
    clean = CONTROLS.sub(" ", value).strip()
    safe = (
        clean.isascii()
        and "=?" not in clean
        and all(len(word) < 900 for word in clean.split(" "))
        and "  " not in clean
    )
    return clean if safe else encoded_words(clean)


def encoded_words(value: str) -> str:
    """RFC 2047 in UTF-8, cut between characters."""
    return " ".join(
        f"=?utf-8?B?{base64.b64encode(piece).decode('ascii')}?=" for piece in chunks(value, WORD_BYTES)
    )


def chunks(value: str, size: int) -> Iterator[bytes]:
    """The UTF-8 bytes in pieces of whole characters."""
    piece = b""
    for character in value:
        encoded = character.encode("utf-8", "replace")
        if len(piece) + len(encoded) > size:
            yield piece
            piece = b""
        piece += encoded
    yield piece


def bracketed(message_id: str) -> str:
    return f"<{NOT_IN_ID.sub('', message_id)}>"
