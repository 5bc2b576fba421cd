"""A letter that reads like a complaint is detected, with its score and reasons, and registered. The words are data: `packs/detection-1.toml`."""

from __future__ import annotations

import re
from collections.abc import Sequence
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
from policies.complaint_words import Pack, Rule, laid_out, matching, read

NAME: Final = "detect-complaint"
PACKS: Final = Path(__file__).with_name("packs")
LOOKED_AT: Final = 2_000
"""Characters of a letter that are looked at: a complaint says so near its beginning."""

_ANSWER: Final = re.compile(
    r"^\s*(?:re|aw|sv|antw|fwd?|wg|回复|答复|转发|回覆|轉寄)\s*(?:\[\d+\])?\s*[:：]", re.IGNORECASE
)


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
    english, chinese = laid_out(pack, text)
    speaks_for_one = (rule for rule in pack.rules if rule.weight > 0)
    if not any(matching(speaks_for_one, english, chinese)):
        return verdict(pack, [])
    english, chinese = pack.ignore_en.sub(" ", english), pack.ignore_zh.sub(" ", chinese)
    return verdict(pack, list(matching(pack.rules, english, chinese)))


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
