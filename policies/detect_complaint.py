"""A letter that reads like a complaint is detected, with its score and reasons, and registered. The words are data: `packs/detection-1.toml`."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, Final

from hub.domain.complaint.commands import DetectComplaint, RegisterComplaint
from hub.domain.conversation.events import MessageReceived
from hub.domain.ids import ComplaintId
from hub.domain.policy import Memory, Policy
from hub.domain.vocabulary import opened

NAME: Final = "detect-complaint"
PACKS: Final = Path(__file__).with_name("packs")
LOOKED_AT: Final = 4_000
"""Characters of a letter that are looked at: a complaint says so near its beginning."""

_NOT_ENGLISH: Final = re.compile(r"(?:[^a-z0-9'-]|(?<![a-z])'|'(?![a-z]))+")
_BLANK: Final = re.compile(r"\s+")
_PLAIN: Final = re.compile(r"[\w' -]+")
_NEVER: Final = re.compile(r"(?!)")
_ANSWER: Final = re.compile(
    r"^\s*(?:re|aw|sv|antw|fwd?|wg|回复|答复|转发|回覆|轉寄)\s*(?:\[\d+\])?\s*[:：]", re.IGNORECASE
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """Words of one language: `plain` ones are looked up as they are, `shaped` are regular expressions."""

    plain: tuple[str, ...]
    shaped: re.Pattern[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A named reason, what it weighs, and the words that give it."""

    name: str
    weight: float
    en: Words
    zh: Words


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack:
    """One version of the table. The `ignore` phrases are taken out before the rules look."""

    version: str
    threshold: float
    ignore_en: re.Pattern[str]
    ignore_zh: re.Pattern[str]
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Detection:
    """`reasons`: names of the rules that matched, heaviest first."""

    rules: str
    score: float
    reasons: tuple[str, ...]
    is_complaint: bool


def score(pack: Pack, subject: str, new_text: str) -> Detection:
    """Weigh what the customer wrote now. A subject that only answers ("Re: …") is not the customer's word.

    Both languages are always looked for: people mix them.
    """
    written = new_text if _ANSWER.match(subject) else f"{subject}\n{new_text}"
    text = written[:LOOKED_AT].casefold().replace("’", "'")
    english, chinese = f" {_NOT_ENGLISH.sub(' ', text)} ", _BLANK.sub("", text)
    if matching(pack, english, chinese):
        english, chinese = pack.ignore_en.sub(" ", english), pack.ignore_zh.sub(" ", chinese)
    return verdict(pack, matching(pack, english, chinese))


def matching(pack: Pack, english: str, chinese: str) -> list[Rule]:
    """The rules that speak."""
    return [rule for rule in pack.rules if _has(rule.en, english) or _has(rule.zh, chinese)]


def verdict(pack: Pack, hits: Sequence[Rule]) -> Detection:
    """What they come to."""
    heaviest_first = sorted(hits, key=lambda rule: -rule.weight)
    total = sum(rule.weight for rule in hits)
    return Detection(
        rules=pack.version,
        score=total,
        reasons=tuple(rule.name for rule in heaviest_first),
        is_complaint=total >= pack.threshold,
    )


def react(
    pack: Pack, event: MessageReceived, memory: Memory, now: datetime
) -> Sequence[DetectComplaint | RegisterComplaint]:
    """A machine's letter complains of nothing. The number is taken when the registration is decided."""
    if event.automatic:
        return []
    found = score(pack, opened(event.subject, ""), opened(event.new_text, ""))
    if not found.is_complaint:
        return []
    complaint = ComplaintId(memory.derive("complaint"))
    return [
        DetectComplaint(
            complaint=complaint,
            conversation=event.conversation,
            message=event.message,
            rules=found.rules,
            score=found.score,
            reasons=found.reasons,
        ),
        RegisterComplaint(
            complaint=complaint,
            conversation=event.conversation,
            message=event.message,
            number="",
            received_at=event.received_at,
            only_detected=True,
        ),
    ]


def policy(pack: Pack | None = None) -> Policy:
    """The rule of the house, by `pack` or by the one that is shipped."""
    chosen = pack or shipped()

    def react_by_pack(
        event: Any, memory: Memory, now: datetime
    ) -> Sequence[DetectComplaint | RegisterComplaint]:
        return react(chosen, event, memory, now)

    return Policy(name=NAME, hears=frozenset({MessageReceived}), react=react_by_pack)


@cache
def shipped() -> Pack:
    """The table that comes with the hub."""
    return read(PACKS / "detection-1.toml")


def read(path: Path) -> Pack:
    """A table from a file in the manner of `packs/detection-1.toml`."""
    table = tomllib.loads(path.read_text(encoding="utf-8"))
    return Pack(
        version=str(table["version"]),
        threshold=float(table["threshold"]),
        ignore_en=_whole(table["ignore"]["en"]),
        ignore_zh=_any_of(table["ignore"]["zh"]),
        rules=tuple(_rule(row) for row in table["rule"]),
    )


def _rule(row: Mapping[str, Any]) -> Rule:
    en = [word for word in row["en"] if not _PLAIN.fullmatch(word)]
    zh = [word for word in row["zh"] if not _PLAIN.fullmatch(word)]
    return Rule(
        name=str(row["name"]),
        weight=float(row["weight"]),
        en=Words(plain=tuple(f" {word} " for word in row["en"] if word not in en), shaped=_whole(en)),
        zh=Words(plain=tuple(word for word in row["zh"] if word not in zh), shaped=_any_of(zh)),
    )


def _has(words: Words, text: str) -> bool:
    return any(word in text for word in words.plain) or bool(words.shaped.search(text))


def _whole(words: Sequence[str]) -> re.Pattern[str]:
    """English phrases stand between blanks; the one behind is left for the next phrase."""
    return re.compile(rf" (?:{'|'.join(words)})(?= )") if words else _NEVER


def _any_of(words: Sequence[str]) -> re.Pattern[str]:
    return re.compile("|".join(words)) if words else _NEVER
