"""The HTML of a letter made harmless: an allow-list of tags, attributes, styles and addresses, and no remote image unless asked.

`cleaned` may take long for HTML that is nested deeply: a reading worker does it, within its bounds. `placed` is cheap.

The frame that shows it runs no scripts and has its own policy; this is the first of three fences, not the only one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import escape, unescape
from typing import Final

import nh3

TAGS: Final = (nh3.ALLOWED_TAGS | {"font", "big", "tfoot"}) - {"map", "area"}
GONE_WITH_CONTENT: Final = {
    "script",
    "style",
    "title",
    "svg",
    "math",
    "template",
    "noscript",
    "iframe",
    "object",
    "xmp",
    "noembed",
}
BOX: Final = {"align", "valign", "bgcolor", "width", "height"}
ATTRIBUTES: Final[Mapping[str, set[str]]] = {
    "*": {"style", "dir", "lang", "title"},
    "a": {"href"},
    "img": {"src", "alt", "width", "height", "align", "border"},
    "font": {"color", "face", "size"},
    "table": BOX | {"border", "cellpadding", "cellspacing"},
    "tr": BOX,
    "td": BOX | {"colspan", "rowspan"},
    "th": BOX | {"colspan", "rowspan"},
    "col": {"width", "span"},
    "ol": {"start", "type"},
    "div": {"align"},
    "p": {"align"},
    "blockquote": {"type"},
}
PLAIN: Final = re.compile(r"^[\w\s#%.,:;+/'’()\-–—!?&*=@$€£¥\u0080-\uffff]*$")
"""What a simple attribute may hold."""

LINK: Final = re.compile(r"^(https?://|mailto:|tel:)", re.IGNORECASE)
REMOTE: Final = re.compile(r"^(https?:)?//", re.IGNORECASE)
PICTURE: Final = re.compile(r"^data:image/(png|jpe?g|gif|webp);base64,[a-z0-9+/=\s]*$", re.IGNORECASE)

STYLES: Final = re.compile(
    r"^(color|background-color|font(-family|-size|-style|-weight|-variant)?|text-(align|decoration|indent|transform)"
    r"|line-height|letter-spacing|word-(spacing|break|wrap)|white-space|vertical-align|direction"
    r"|(margin|padding)(-(top|right|bottom|left))?|border(-(top|right|bottom|left))?(-(color|style|width|radius))?"
    r"|border-(collapse|spacing|radius)|(min-|max-)?(width|height)|display|float|clear|table-layout"
    r"|list-style(-type|-position)?|overflow-wrap)$"
)
COLOUR: Final = re.compile(r"\b(rgb|hsl)a?\([\d\s.,%/]*\)", re.IGNORECASE)
BAD_VALUE: Final = re.compile(r"[()\\<>@{}]|/\*|expression|javascript|behaviou?r|-moz-binding", re.IGNORECASE)

IMG: Final = re.compile(r'(<img(?: [a-z-]+="[^"]*")*?) src="([^"]*)"')
"""In what nh3 has written: lower case, double quotes, and `<` in no text."""

Inline = Callable[[str], str | None]
"""From the content id of a picture inside the letter to where it is found."""


@dataclass(frozen=True, slots=True)
class Safe:
    """`remote_images`: how many pictures the letter wanted to load from elsewhere."""

    html: str
    remote_images: int


def placed(harmless: str, *, images: bool, inline: Inline) -> Safe:
    """What `cleaned` gave, with the letter's own pictures in their places, and those from elsewhere only when asked for."""
    remote: list[str] = []

    def address(source: str) -> str | None:
        if source.lower().startswith("cid:"):
            return inline(source[4:])
        if not REMOTE.match(source):
            return source
        remote.append(source)
        return source if images else None

    def picture(found: re.Match[str]) -> str:
        source = address(unescape(found[2]))
        return found[1] if source is None else f'{found[1]} src="{escape(source)}"'

    return Safe(IMG.sub(picture, harmless), len(remote))


def cleaned(html: str) -> str:
    """Only what is allowed; pictures may still be `cid:` and remote ones."""

    def picture(source: str) -> str | None:
        source = source.strip()
        may_be = source.lower().startswith("cid:") or PICTURE.match(source) or REMOTE.match(source)
        return source if may_be else None

    def attribute(tag: str, name: str, value: str) -> str | None:
        match tag, name:
            case "img", "src":
                return picture(value)
            case "a", "href":
                return value if LINK.match(value.strip()) else None
            case _, "style":
                return safe_style(value) or None
            case _:
                return value if PLAIN.match(value) else None

    return nh3.clean(
        html,
        tags=set(TAGS),
        clean_content_tags=GONE_WITH_CONTENT,
        attributes={tag: set(names) for tag, names in ATTRIBUTES.items()},
        attribute_filter=attribute,
        url_schemes={"http", "https", "mailto", "tel", "cid", "data"},
        link_rel="noopener noreferrer nofollow",
        set_tag_attribute_values={"a": {"target": "_blank"}},
    )


def safe_style(style: str) -> str:
    """The declarations that colour and space; none that loads, moves over other things, or is not understood."""
    return "; ".join(filter(None, map(_declaration, style.split(";"))))


def _declaration(text: str) -> str:
    name, colon, value = text.partition(":")
    name, value = name.strip().lower(), value.strip()
    if not colon or not STYLES.match(name) or BAD_VALUE.search(COLOUR.sub("", value)):
        return ""
    return f"{name}: {value}"
