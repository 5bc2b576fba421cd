"""The page in which a letter's HTML is shown: no scripts, no cookies, no address of its own, and a policy stricter than the desk's.

A frame from `srcdoc` would inherit the desk's policy, under which a letter's own styles and images that were allowed could not show.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from hub.web.downloads import picture_type

LARGEST_PICTURE: Final = 2_000_000
MOST_IN_ALL: Final = 10_000_000
"""Characters of pictures in one page: a letter may name one picture thousands of times."""

_POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:{remote}; form-action 'none'; base-uri 'none'; "
    "frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox"
)
FRAME_HEADERS: Final[Mapping[bool, Mapping[str, str]]] = {
    remote: {
        "Content-Security-Policy": _POLICY.format(remote=" https: http:" if remote else ""),
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, no-store",
    }
    for remote in (False, True)
}
"""By whether remote images were asked for."""

_PAGE: Final = (
    '<!doctype html><html><head><meta charset="utf-8"><meta name="referrer" content="no-referrer">'
    '<meta name="viewport" content="width=device-width"><style>'
    "body{{margin:0;font:14px/1.5 system-ui,sans-serif;color:#1a1a1a;background:#fff;overflow-wrap:anywhere}}"
    "img{{max-width:100%;height:auto}}table{{max-width:100%}}</style></head><body>{html}</body></html>"
)


def document(html: str) -> str:
    """A whole page around sanitised HTML."""
    return _PAGE.format(html=html)


def as_data(content: bytes) -> str | None:
    """A picture as a data: address; None for what is none, or too large to carry along."""
    kind = picture_type(content)
    if kind is None or len(content) > LARGEST_PICTURE:
        return None
    return f"data:{kind};base64,{b64encode(content).decode()}"


@dataclass(slots=True)
class Pictures:
    """The pictures inside a letter by content id, as data: addresses, until a page has enough of them."""

    inside: Mapping[str, bytes]
    left: int = MOST_IN_ALL
    known: dict[str, str | None] = field(default_factory=dict)

    def __call__(self, content_id: str) -> str | None:
        if content_id not in self.known:
            self.known[content_id] = as_data(self.inside.get(content_id, b""))
        address = self.known[content_id]
        if address is None or len(address) > self.left:
            return None
        self.left -= len(address)
        return address
