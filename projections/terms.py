"""Words for the full-text index: overlapping pairs of Chinese, Japanese and Korean characters, words of everything else."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

CJK: Final = r"\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
RUNS: Final = re.compile(rf"[{CJK}]+|[^\W_{CJK}]+")
PAIRS: Final = re.compile(rf"[{CJK}]+")
IS_CJK: Final = re.compile(rf"[{CJK}]")
MOST_TERMS: Final = 24
"""Of a question; more than that is a pasted letter."""


def plain(text: str) -> str:
    """Full-width forms and case folded away, so that ＡＢＣ and abc are one word."""
    return unicodedata.normalize("NFKC", text).casefold()


def indexed(text: str) -> str:
    """The text as the index takes it: 订单号 → 订单 单号 号. The last character stands alone so that a prefix finds it."""
    return PAIRS.sub(paired, plain(text))


def paired(run: re.Match[str]) -> str:
    characters = run[0]
    return f" {' '.join(characters[at : at + 2] for at in range(len(characters)))} "


def asked(question: str) -> str:
    """An FTS5 query that finds every run of the question: pairs in a row, words by their beginning; "" when nothing is asked."""
    return " AND ".join(asked_run(run) for run in RUNS.findall(plain(question))[:MOST_TERMS])


def asked_run(run: str) -> str:
    """One character or a word is a prefix; 订单号 is the phrase 订单 单号."""
    if not IS_CJK.match(run) or len(run) == 1:
        return f'"{run}"*'
    return '"' + " ".join(run[at : at + 2] for at in range(len(run) - 1)) + '"'


def marks(text: str, question: str) -> list[tuple[int, int]]:
    """[start, end) of every place in the original text that the question names, in order and without overlap."""
    spelled, origin = spelled_out(text)
    found: set[tuple[int, int]] = set()
    for run in dict.fromkeys(RUNS.findall(plain(question))[:MOST_TERMS]):
        before = "" if IS_CJK.match(run) else rf"(?<![^\W_{CJK}])"
        found |= {hit.span() for hit in re.finditer(before + re.escape(run), spelled)}
    return merged(sorted((origin[start], origin[end - 1] + 1) for start, end in found))


def spelled_out(text: str) -> tuple[str, list[int]]:
    """The folded text, and for each of its characters the place in the original that it came from."""
    folded = [plain(character) for character in text]
    return "".join(folded), [at for at, characters in enumerate(folded) for _ in characters]


def merged(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    apart: list[tuple[int, int]] = []
    for start, end in spans:
        if apart and start <= apart[-1][1]:
            apart[-1] = (apart[-1][0], max(end, apart[-1][1]))
        else:
            apart.append((start, end))
    return apart


AROUND: Final = 60


def excerpt(text: str, question: str) -> tuple[str, list[tuple[int, int]]]:
    """A line around the first place found, and the marks within it."""
    line = " ".join(text.split())
    found = marks(line, question)
    start = max(0, found[0][0] - AROUND) if found else 0
    end = start + 3 * AROUND
    inside = [
        (max(0, first - start), min(last, end) - start) for first, last in found if start <= first < end
    ]
    front, back = "…" if start else "", "…" if end < len(line) else ""
    return front + line[start:end] + back, [(first + len(front), last + len(front)) for first, last in inside]
