"""HTML to text, with the places marked where clients put the letter they answer."""

from __future__ import annotations

import html as entities
import re

import lxml.html
from inscriptis import Inscriptis
from inscriptis.css_profiles import CSS_PROFILES
from inscriptis.model.config import ParserConfig
from lxml import etree

from channels.email.reading.charsets import plain

LONGEST = 600_000
"""Characters of HTML turned into text with layout; a longer page is only stripped of its tags."""

OPEN, CLOSE = "\ue0f1", "\ue0f2"
"""Private-use characters around a quoted letter; they leave the text again before anyone sees it."""

CONFIG = ParserConfig(css=CSS_PROFILES["strict"].copy(), display_links=False, display_images=False)
QUOTES = (
    "//blockquote[@type='cite' or contains(@class,'gmail_quote') or @id='isReplyContent']"
    " | //div[contains(@class,'gmail_attr') or contains(@class,'moz-cite-prefix') or contains(@class,'yahoo_quoted')"
    " or @id='isReplyContent'] | //includetail"
)
"""Never `div.gmail_quote`: Gmail puts answers written between the lines into that very container."""

RULES = "//div[@id='divRplyFwdMsg' or @id='appendonsend' or @id='x_divRplyFwdMsg'] | //hr[@id='stopSpelling']"
"""Outlook marks only where the quoted letter begins."""

UNSEEN = re.compile(
    r"<(script|style|head|title)\b.*?(?:</\1\s*>|\Z)|<!--.*?(?:-->|\Z)", re.IGNORECASE | re.DOTALL
)
BREAKS = re.compile(r"<(?:br|/p|/div|/tr|/li|/h\d|/table)\b[^>]*>", re.IGNORECASE)
TAGS = re.compile(r"<[a-zA-Z/!?][^<>]*>?")
GAPS = re.compile(r"\n{3,}")
FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ue0f1\ue0f2]")
DECLARATION = re.compile(r"\A\s*<\?xml[^>]*\?>")


def text_of(page: str) -> str:
    """The page as text, quoted letters between OPEN and CLOSE."""
    page = DECLARATION.sub("", FORBIDDEN.sub("", page))
    if not page.strip():
        return ""
    return tidied(laid_out(page) if len(page) <= LONGEST else stripped(page))


def laid_out(page: str) -> str:
    """Text with lists and tables in place; a page that can't be laid out is stripped of its tags."""
    try:
        tree = lxml.html.document_fromstring(page)
        mark(tree)
        text = Inscriptis(tree, CONFIG).get_text()
    except (etree.LxmlError, ValueError, RecursionError, AttributeError, KeyError, IndexError, TypeError):
        return stripped(page)
    return text if text.strip() or not TAGS.sub("", UNSEEN.sub("", page)).strip() else stripped(page)


def mark(tree: lxml.html.HtmlElement) -> None:
    """Put OPEN and CLOSE around quoted letters."""
    for node in tree.xpath(QUOTES):
        node.text = OPEN + (node.text or "")
        node.tail = CLOSE + (node.tail or "")
    for node in tree.xpath(RULES):
        node.tail = OPEN + (node.tail or "") if node.tag == "hr" else node.tail
        if node.tag != "hr":
            node.text = OPEN + (node.text or "")


def stripped(page: str) -> str:
    """The words of a page, in linear time."""
    return entities.unescape(TAGS.sub("", BREAKS.sub("\n", UNSEEN.sub("", page))))


def tidied(text: str) -> str:
    """Blank ends and long gaps gone; layout inside a line stays."""
    lines = plain(text).replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return GAPS.sub("\n\n", "\n".join(line.rstrip() for line in lines)).strip()


def unmarked(text: str) -> str:
    """The text as people see it."""
    return text.replace(OPEN, "").replace(CLOSE, "")
