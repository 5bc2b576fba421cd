"""Bytes to text: the charset a letter declares, else the one its bytes betray; never an exception."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from functools import lru_cache

import chardet

DETECTABLE = 64 * 1024
"""Bytes shown to the detector: it is linear, yet slower than everything else here."""

# What senders write -> the codec that reads what they meant (WHATWG Encoding §4.2 and seen letters).
# A superset is always safe: GB 2312 letters contain GBK characters, "ISO-8859-1" is Windows-1252.
MEANT = {
    "gb2312": "gb18030", "gb_2312-80": "gb18030", "gbk": "gb18030", "x-gbk": "gb18030", "cp936": "gb18030",
    "windows-936": "gb18030", "ms936": "gb18030", "chinese": "gb18030", "euc-cn": "gb18030", "euccn": "gb18030",
    "csgb2312": "gb18030", "iso-ir-58": "gb18030", "gb-2312": "gb18030", "gb18030-2000": "gb18030",
    "big5": "big5hkscs", "big-5": "big5hkscs", "x-big5": "big5hkscs", "cn-big5": "big5hkscs", "csbig5": "big5hkscs", "chinesebig5": "big5hkscs", "big5-eten": "big5hkscs",
    "big5-hkscs": "big5hkscs", "x-x-big5": "big5hkscs", "windows-950": "cp950",
    "iso-8859-1": "cp1252", "iso8859-1": "cp1252", "latin1": "cp1252", "latin-1": "cp1252", "iso_8859-1": "cp1252",
    "l1": "cp1252", "x-user-defined": "cp1252", "ansi": "cp1252", "x-ansi": "cp1252", "windows1252": "cp1252",
    "iso-8859-9": "cp1254", "iso-8859-8-i": "iso8859-8", "iso-8859-8-e": "iso8859-8", "iso-8859-6-i": "iso8859-6",
    "iso-8859-11": "cp874", "tis-620": "cp874", "windows-874": "cp874", "dos-874": "cp874",
    "shift_jis": "cp932", "shift-jis": "cp932", "sjis": "cp932", "x-sjis": "cp932", "windows-31j": "cp932",
    "ms_kanji": "cp932", "iso-2022-jp": "iso2022_jp_ext", "csiso2022jp": "iso2022_jp_ext", "x-euc-jp": "euc_jp",
    "iso-2022-jp-1": "iso2022_jp_ext", "iso-2022-jp-2": "iso2022_jp_2",
    "ks_c_5601-1987": "cp949", "ks_c_5601": "cp949", "euc-kr": "cp949", "ksc5601": "cp949", "korean": "cp949",
    "windows-949": "cp949", "uhc": "cp949", "x-windows-949": "cp949",
    "unicode-1-1-utf-7": "utf-7", "x-unicode-2-0-utf-7": "utf-7", "csunicode11utf7": "utf-7",
    "utf8": "utf-8", "utf-8-bom": "utf-8", "utf8mb4": "utf-8", "unicode-1-1-utf-8": "utf-8", "x-utf-8": "utf-8",
    "koi8": "koi8-r", "x-mac-roman": "mac-roman", "macintosh": "mac-roman", "x-mac-cyrillic": "mac-cyrillic",
    "us-ascii": "ascii", "ansi_x3.4-1968": "ascii", "7bit": "ascii", "8bit": "", "binary": "", "none": "",
    "unknown-8bit": "", "x-unknown": "", "unknown": "", "default": "", "default_charset": "", "x-windows-utf-8": "utf-8",
}  # fmt: skip
SIBLINGS = {
    "big5hkscs": "cp950",
    "iso2022_jp_ext": "iso2022_jp_3",
    "euc_jp": "euc_jis_2004",
    "cp932": "shift_jisx0213",
}
"""A second codec for what the first refuses: both read the same letters but for a few signs."""
NOT_CHARSETS = frozenset({"idna", "punycode", "undefined", "unicode_escape", "raw_unicode_escape"})
"""Python codecs that no letter means."""

STATEFUL = ("iso2022", "hz", "utf-7", "utf-16", "utf-32")
SINGLE_BYTE = ("cp125", "iso8859", "koi8", "mac-", "cp874", "cp437", "cp850", "latin")
WESTERN = ("cp1252", "cp1254", "iso8859-15")
MULTI_BYTE = ("gb18030", "big5", "cp950", "cp932", "cp949", "euc_", "johab", "shift_jis")
BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
HIGH_RUN = re.compile(rb"[\x80-\xff]+")
BEYOND_ASCII = re.compile("[^\x00-\x7f]")
HAN_IN_GB = re.compile(rb"(?:[\xb0-\xf7][\xa1-\xfe]){2,}")


def decode(raw: bytes, declared: str = "", hint: str = "") -> tuple[str, str]:
    """The text of `raw` and a defect in words ("" = none).

    `declared` is what the part says of itself, `hint` a charset seen nearby, used only for bytes
    that declare nothing.
    """
    codec = known(declared)
    if raw.isascii() and not (codec or "").startswith(STATEFUL):
        return plain(raw.decode("ascii")), "" if codec is not None else f"unknown charset {declared[:40]!r}"
    codec = by_mark(raw) or codec
    if codec is None or codec in ("", "ascii"):
        return guessed(raw, hint), f"charset {declared[:40]!r} does not fit" if declared else ""
    return declared_or_guessed(raw, better(raw, codec), declared)


def declared_or_guessed(raw: bytes, codec: str, declared: str) -> tuple[str, str]:
    """The declared charset where it holds; with few slips it still wins; else what the bytes betray."""
    text = strictly(raw, codec)
    if text is None:
        text = strictly(raw, SIBLINGS.get(codec, codec))
    if text is not None:
        return text, "" if codec == known(declared) else f"charset {declared[:40]!r} does not fit"
    lenient = leniently(raw, codec)
    if mostly(lenient):
        return lenient, f"bytes outside charset {declared[:40]!r}"
    other = guessed(raw, "")
    if other.count("\ufffd") <= lenient.count("\ufffd"):
        return other, f"charset {declared[:40]!r} does not fit"
    return lenient, f"bytes outside charset {declared[:40]!r}"


def mostly(text: str) -> bool:
    """A slip or two in a text that is otherwise of its charset: a damaged letter, not a mislabelled one."""
    return text.count("\ufffd") * 5 <= len(BEYOND_ASCII.findall(text))


def better(raw: bytes, codec: str) -> str:
    """UTF-8 or GB 18030 where a letter mislabels them: neither passes for the other by accident.

    A text with high bytes that is valid UTF-8 is UTF-8 when it was said to be a single-byte charset,
    and when it holds three-byte characters also against East Asian charsets.
    """
    if codec.startswith(SINGLE_BYTE):
        if strictly(raw, "utf-8") is not None:
            return "utf-8"
        return (eastern(raw) or codec) if codec in WESTERN else codec
    if codec.startswith(MULTI_BYTE):
        text = strictly(raw, "utf-8")
        return "utf-8" if text is not None and any(c >= "\u0800" for c in text) else codec
    return codec


def eastern(raw: bytes) -> str:
    """GB 18030 when more than a third of a "Western" text are its pairs, and all of them decode."""
    pairs = sum(len(run) for run in HAN_IN_GB.findall(raw))
    high = sum(len(run) for run in HIGH_RUN.findall(raw))
    dense = pairs * 3 > len(raw) and pairs * 10 >= high * 8
    return "gb18030" if dense and strictly(raw, "gb18030") is not None else ""


def guessed(raw: bytes, hint: str) -> str:
    """Text of undeclared bytes: UTF-8, then the neighbour's charset, then the detector, then Windows-1252."""
    for codec in candidates(raw, hint):
        text = strictly(raw, codec)
        if text is not None:
            return text
    damaged = leniently(raw, "utf-8")
    if mostly(damaged):
        return damaged
    # Windows-1252 with holes filled as WHATWG does: total, so nothing is lost.
    return plain("".join(bytes((b,)).decode("cp1252", "ignore") or chr(b) for b in raw))


def candidates(raw: bytes, hint: str) -> Iterator[str]:
    """Charsets worth trying, the likeliest first; the detector is asked only when it must be."""
    yield "utf-8"
    near = known(hint) or "ascii"
    if near != "ascii":
        yield better(raw, near)
    if not mostly(leniently(raw, "utf-8")):
        yield detected(raw) or "ascii"
        if HAN_IN_GB.search(raw):
            yield "gb18030"


def detected(raw: bytes) -> str:
    """The detector's word, unless it is unsure about a text with only single accented letters."""
    runs = HIGH_RUN.findall(raw[:DETECTABLE])
    accents = len(runs) * 3 > sum(map(len, runs)) * 2
    verdict = chardet.detect(raw[:DETECTABLE])
    confidence = verdict["confidence"] or 0.0
    if accents and confidence < 0.5:
        return "cp1252"
    return known(verdict["encoding"] or "") or ""


@lru_cache(maxsize=512)
def known(name: str) -> str | None:
    """Our codec for a declared name; "" when it declares nothing, None when nobody knows it."""
    asked = name.partition("(")[0].strip().strip("\"'").lower()
    if not asked:
        return ""
    meant = MEANT.get(asked, MEANT.get(asked.replace("_", "-"), asked))
    if not meant:
        return ""
    try:
        codec = codecs.lookup(meant)
    except (LookupError, ValueError):
        return None
    text_codec = getattr(codec, "_is_text_encoding", True)  # else "base64" or "rot13" would be a charset
    return codec.name if text_codec and codec.name.replace("-", "_") not in NOT_CHARSETS else None


def by_mark(raw: bytes) -> str:
    """The charset a byte order mark proves, else ""."""
    return next((codec for mark, codec in BOMS if raw.startswith(mark)), "")


def strictly(raw: bytes, codec: str) -> str | None:
    """The text, or None when the bytes are not all of that charset."""
    try:
        return plain(raw.decode(codec))
    except (UnicodeError, LookupError, ValueError):
        return None


def leniently(raw: bytes, codec: str) -> str:
    """The text with U+FFFD where bytes make no sense."""
    try:
        return plain(raw.decode(codec, "replace"))
    except (UnicodeError, LookupError, ValueError):
        return plain(raw.decode("utf-8", "replace"))


def plain(text: str) -> str:
    """Text that every store and wire takes: no lone surrogates, no NUL, no byte order mark in front."""
    if not text.isascii():
        text = text.encode("utf-8", "replace").decode("utf-8").removeprefix("\ufeff")
    return text.replace("\0", "")
