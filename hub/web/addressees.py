"""Whom an answer would go to, with every difference said in the reader's language before it is sent."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict
from typing import Any, Final

from hub.domain.letters import Address, normalised
from hub.domain.recipients import Recipients, reply, reply_all
from hub.web.words import Language

WARNINGS: Final = {
    "diverted": (
        "The answer goes to {to}, another domain than the letter came from ({sender}).",
        "回复将发往 {to}，与来信地址（{sender}）的域名不同。",
    ),
    "nobody": ("The letter names nobody to answer to.", "来信没有可回复的地址。"),
    "everybody": ("{count} more people get this answer.", "还有 {count} 人会收到这封回复。"),
    "unproven": ("The sender's address is not proven.", "发件人地址未经验证。"),
}


def both(entries: Sequence[dict[str, Any]], inboxes: Collection[str], language: Language) -> dict[str, Any]:
    """Recipients of a reply and of a reply to all, from the last letter of the thread. `inboxes`: our own addresses."""
    ours = {normalised(address) for address in inboxes}
    letter = next((one for one in reversed(entries) if one["kind"] == "message"), None)
    if letter is None:
        return _as_before(entries, language)
    sender = _address(letter["from"])
    answer_to = _address(letter["reply_to"]) if letter["reply_to"] else None
    to, cc = (tuple(map(_address, letter[name])) for name in ("to", "cc"))
    alone = reply(sender, answer_to)
    everybody = reply_all(sender, answer_to, to, cc, ours)
    return {
        "reply": _shown(alone, _warnings(alone, letter, language)),
        "reply_all": _shown(
            everybody, [*_warnings(everybody, letter, language), *_more(everybody, language)]
        ),
    }


def _as_before(entries: Sequence[dict[str, Any]], language: Language) -> dict[str, Any]:
    """Only we have written yet: the same people again."""
    ours = next((one for one in reversed(entries) if one["kind"] == "reply"), None)
    to, cc = (tuple(map(_address, ours[name])) if ours else () for name in ("to", "cc"))
    alone, everybody = Recipients(to=to), Recipients(to=to, cc=cc)
    return {"reply": _shown(alone, []), "reply_all": _shown(everybody, _more(everybody, language))}


def _warnings(whom: Recipients, letter: dict[str, Any], language: Language) -> list[str]:
    if not whom.to:
        return [_say("nobody", language)]
    unproven = [] if letter["verified"] else [_say("unproven", language)]
    if not whom.diverted:
        return unproven
    return [_say("diverted", language, to=whom.to[0].address, sender=letter["from"]["address"]), *unproven]


def _more(whom: Recipients, language: Language) -> list[str]:
    return [_say("everybody", language, count=str(len(whom.cc)))] if whom.cc else []


def _say(warning: str, language: Language, **words: str) -> str:
    return WARNINGS[warning][language == "zh"].format(**words)


def _shown(whom: Recipients, warnings: list[str]) -> dict[str, Any]:
    return {
        "to": [asdict(one) for one in whom.to],
        "cc": [asdict(one) for one in whom.cc],
        "warnings": warnings,
    }


def _address(person: dict[str, str]) -> Address:
    return Address(address=person["address"], name=person["name"])
