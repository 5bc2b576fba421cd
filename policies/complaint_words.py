"""A readable table of words, and how a letter's text is laid out for it: what only asks is left out, sentences stay apart."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

GAPS: Final = {"en": r"(?:[a-z0-9'-]+ ){0,4}", "zh": r"[^。！？!?\n]{0,8}"}
"""What "…" stands for; bounded, so that no text makes a search slow."""

_NOT_ENGLISH: Final = re.compile(r"(?:[^a-z0-9'-]|(?<![a-z])'|'(?![a-z]))+")
_BLANK: Final = re.compile(r"\s+")
_PLAIN: Final = re.compile(r"[\w' -]+")
_NEVER: Final = re.compile(r"(?!)")
_PART: Final = re.compile(r"(?:\((?:[^()]|\([^()]*\))*\)|[^ ()])+")
_GROUP: Final = re.compile(r"\((?:[^()]|\([^()]*\))*\)")
_SIMPLE: Final = re.compile(r"[a-z0-9' -]+")
_LIST: Final = re.compile(r"<(\w+)>")
_SENTENCE: Final = re.compile(r"[^.!?。！？\n]+(?:[.!?。！？]+|\n\s*\n)?|\n")
_QUESTION: Final = re.compile(r"[?？]\W*$|[吗嘛呢][。.\s]*$|请问|想问|问一下|咨询")
_CHINESE: Final = re.compile(r"[一-鿿]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """A phrase as a regular expression. `anchors`: it holds one of these words in any case; empty where that is not known."""

    pattern: re.Pattern[str]
    anchors: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """Words of one language: `plain` phrases are looked up as they are, `shaped` ones are regular expressions."""

    plain: tuple[str, ...]
    shaped: tuple[Shape, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A named reason, what it weighs, and the words that give it."""

    name: str
    weight: float
    en: Words
    zh: Words


@dataclass(frozen=True, slots=True, kw_only=True)
class Asks:
    """Where a sentence begins to ask (`begins`), and what makes a question a reproach (`unless`)."""

    begins: re.Pattern[str]
    unless: re.Pattern[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack:
    """One version of the table. The `ignore` phrases are taken out before the rules look."""

    version: str
    threshold: float
    asks_en: Asks
    asks_zh: Asks
    ignore_en: re.Pattern[str]
    ignore_zh: re.Pattern[str]
    rules: tuple[Rule, ...]


def laid_out(pack: Pack, text: str) -> tuple[str, str]:
    """`text` (lower case) as English words with " . " between sentences, and as Chinese without blanks, "" where it has none."""
    told = [part for sentence in _SENTENCE.findall(text) if (part := told_in(pack, sentence)).strip()]
    english = " . ".join(_NOT_ENGLISH.sub(" ", part).strip() for part in told)
    chinese = "\n".join(_BLANK.sub("", part) for part in told) if _CHINESE.search(text) else ""
    return f" {english} ", chinese


def told_in(pack: Pack, sentence: str) -> str:
    """The sentence without its question: asking for something tells of nothing, unless it is a reproach."""
    if not _QUESTION.search(sentence):
        return sentence
    asks = pack.asks_zh if _CHINESE.search(sentence) else pack.asks_en
    if asks.unless.search(f" {_NOT_ENGLISH.sub(' ', sentence)} " if asks is pack.asks_en else sentence):
        return sentence
    begins = asks.begins.search(sentence)
    return sentence[: begins.start()] if begins else sentence


def matching(rules: Iterable[Rule], english: str, chinese: str) -> Iterator[Rule]:
    """The rules of which a word stands there."""
    seen = frozenset(english.split())
    return (
        rule for rule in rules if _has(rule.en, english, seen) or (chinese and _has(rule.zh, chinese, seen))
    )


def read(path: Path) -> Pack:
    """A table from a file in the manner of `packs/detection-1.toml`."""
    table = tomllib.loads(path.read_text(encoding="utf-8"))
    asks, lists = table["asks"], table["lists"]
    return Pack(
        version=str(table["version"]),
        threshold=float(table["threshold"]),
        asks_en=Asks(
            begins=_begins(asks["en"]), unless=_whole(list(_spelt(asks["unless"]["en"], "en", lists)))
        ),
        asks_zh=Asks(
            begins=_clause(asks["zh"]), unless=_any_of(list(_spelt(asks["unless"]["zh"], "zh", lists)))
        ),
        ignore_en=_whole(list(_spelt(table["ignore"]["en"], "en", lists))),
        ignore_zh=_any_of(list(_spelt(table["ignore"]["zh"], "zh", lists))),
        rules=tuple(_rule(row, lists) for row in table["rule"]),
    )


def _rule(row: Mapping[str, Any], lists: Mapping[str, str]) -> Rule:
    en, zh = list(_spelt(row["en"], "en", lists)), list(_spelt(row["zh"], "zh", lists))
    shapes = (Shape(pattern=_whole([word]), anchors=anchors(word)) for word in _shaped(en))
    chinese = _shaped(zh)
    return Rule(
        name=str(row["name"]),
        weight=float(row["weight"]),
        en=Words(plain=tuple(f" {word} " for word in en if _is_plain(word)), shaped=tuple(shapes)),
        zh=Words(
            plain=tuple(filter(_is_plain, zh)),
            shaped=(Shape(pattern=_any_of(chinese)),) if chinese else (),
        ),
    )


def anchors(phrase: str) -> frozenset[str]:
    """Words of which every text of `phrase` holds one: of its required parts the one with the longest words."""
    if " ?" in phrase or "|" in _GROUP.sub("", phrase):  # a blank, or all of it, is only one choice
        return frozenset()
    found = [_words_of(part) for part in _PART.findall(phrase.replace(GAPS["en"], "")) if part]
    return max(found, key=lambda words: min(map(len, words), default=0), default=frozenset())


def _words_of(part: str) -> frozenset[str]:
    """The longest word of each choice of a part; none where the part may be left out or is more than a choice of words."""
    choices = part[3:-1].split("|") if part.startswith("(?:") and part.endswith(")") else [part]
    simple = all(_SIMPLE.fullmatch(choice.strip()) for choice in choices)
    return frozenset(max(choice.split(), key=len) for choice in choices) if simple else frozenset()


def _spelt(words: Sequence[str], language: str, lists: Mapping[str, str]) -> Iterator[str]:
    """The words with gaps and lists spelt out."""
    for word in words:
        listed = _LIST.sub(lambda found: f"(?:{lists[found[1]]})", word)
        yield listed.replace(" … ", f" {GAPS[language]}").replace("…", GAPS[language])


def _is_plain(word: str) -> bool:
    return bool(_PLAIN.fullmatch(word))


def _shaped(words: Sequence[str]) -> list[str]:
    return [word for word in words if not _is_plain(word)]


def _has(words: Words, text: str, seen: frozenset[str]) -> bool:
    if any(word in text for word in words.plain):
        return True
    likely = (shape for shape in words.shaped if not shape.anchors or not seen.isdisjoint(shape.anchors))
    return any(shape.pattern.search(text) for shape in likely)


def _whole(words: Sequence[str]) -> re.Pattern[str]:
    """English phrases stand between blanks; the one behind is left for the next phrase."""
    return re.compile(rf" (?:{'|'.join(word.rstrip() for word in words)})(?= )") if words else _NEVER


def _any_of(words: Sequence[str]) -> re.Pattern[str]:
    return re.compile("|".join(words)) if words else _NEVER


def _begins(words: Sequence[str]) -> re.Pattern[str]:
    """An English question begins its sentence, or a part of it."""
    return re.compile(rf"(?:^\W*|[,;:–-]\s*|\b(?:and|so|but|or)\s+)(?:{'|'.join(words)})\b")


def _clause(words: Sequence[str]) -> re.Pattern[str]:
    """A Chinese question is the part that holds one of `words` or ends in one."""
    return re.compile(rf"[^，,；;。]{{0,80}}(?:{'|'.join(words)})")
