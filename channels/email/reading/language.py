"""Which of our two languages a letter is answered in: by the letters it is written with."""

from __future__ import annotations

import re

HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
KANA_OR_HANGUL = re.compile("[\u3041-\u30ff\uac00-\ud7af]")
LATIN = re.compile(r"[A-Za-z\u00c0-\u024f]+")
ADDRESSES = re.compile(r"https?://[!-~]+|[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9.-]+")
ENOUGH = 4_000
"""Characters looked at."""


def language_of(subject: str, text: str) -> str:
    """`zh` when Chinese characters carry the text, else `en`. One Chinese character weighs as much as a word of ours."""
    words = ADDRESSES.sub(" ", f"{subject[:ENOUGH]}\n{text[:ENOUGH]}")
    han = len(HAN.findall(words))
    if han < 2 or len(KANA_OR_HANGUL.findall(words)) * 5 > han:
        return "en"
    return "zh" if han >= len(LATIN.findall(words)) else "en"
