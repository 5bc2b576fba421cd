"""What is new in a letter and what it quotes: folded for the reader, never removed.

Signs are tables of how mail programs, English, Chinese and some others, begin a quoted letter.
Words between quoted lines are answers in place: then nothing is folded.
"""

from __future__ import annotations

import re
from itertools import groupby

from channels.email.reading.pages import CLOSE, OPEN

MOST_LINES = 20_000
LONGEST_SIGN = 400
MARK = re.compile(r"^\s{0,3}[>＞]")

VERBS = (
    "wrote", "writes", "写道", "寫道", "写入", "schrieb", "schreef", "skrev", "a écrit", "escribió", "escreveu", "ha scritto",
    "napsal", "napisał", "написал", "пишет", "さんは書きました", "님이 작성",
)  # fmt: skip
WROTE = re.compile(rf"(?:{'|'.join(VERBS)})(?:.{{0,200}}[:：]|\s*)\s*$", re.IGNORECASE)
NO_VERB = re.compile(r"\d{4}.{0,40}\d{1,2}[:：]\d{2}.{0,80}[<＜]\S+@\S+[>＞]\s*[:：]\s*$")
"""Gmail in Japanese and Russian gives moment and person only."""

ATTRIBUTION_START = re.compile(
    r"^\s*(?:(?:On|Am|Le|El|Il|Em|Op|Den|At|Dne|W dniu)\s|在|于|於|\d{4}\s*[年/.-]|\d{1,2}\s)"
)
PERSON = re.compile(r"\S@\S")
DAY = re.compile(
    r"\d{4}\s*[年년/.-]\s*\d{1,2}|\d{1,2}[./-]\s?\d{1,2}[./-]\s?\d{2,4}|\b(?:19|20)\d{2}\b|\d{1,2}月\d{1,2}日"
)
TIME = re.compile(r"\d{1,2}\s*[:：.h时點点時]\s*\d{2}")

ORIGINAL = re.compile(
    r"^\s*(?:[-—–_=*]{2,}\s*)?(?:Original Message|Original Appointment|Reply message|原始邮件|原始郵件|原邮件|邮件原文|回复的原邮件|回复的邮件"
    r"|原始信息|原始訊息|Ursprüngliche Nachricht|Originalnachricht|Message d'origine|Message original|Mensaje original"
    r"|Messaggio originale|Mensagem original|Oorspronkelijk bericht|元のメッセージ|Исходное сообщение)\s*[-—–_=*]{2,}\s*$"
    r"|^\s*-{6,}\s*Original\s*-{6,}\s*$",
    re.IGNORECASE,
)
FORWARDED = re.compile(
    r"^\s*(?:[-—–_=*]{2,}\s*(?:Forwarded message|Forwarded by .{1,80}|转发的邮件|转发邮件信息|转发的原邮件|转发邮件|轉寄的郵件|Weitergeleitete Nachricht"
    r"|Message transféré|Mensaje reenviado|転送メッセージ).{0,20}[-—–_=*]{2,}|Begin forwarded message\s*[:：]|以下是转发的邮件\s*[:：])\s*$",
    re.IGNORECASE,
)

FIELDS = {
    "from": "From|发件人|發件人|寄件者|寄件人|Von|De|Da|Van|差出人|送信者|От",
    "when": "Sent|Date|Sent at|发送时间|发件时间|发送日期|日期|时间|時間|寄件日期|傳送時間|Gesendet|Datum|Envoyé|Enviado el|Enviado|Fecha"
    "|Inviato|Data|Verzonden|送信日時|日時|Отправлено|Дата",
    "to": "To|收件人|收件者|An|À|Para|Pour|A|Aan|宛先|Кому",
    "subject": "Subject|主题|主題|主旨|标题|Betreff|Objet|Asunto|Oggetto|Assunto|Onderwerp|件名|Тема",
    "cc": "Cc|抄送|抄送人|副本|Kopie|Kopi",
}
"""The head of the quoted letter as Outlook, Foxmail, QQ and others print it above its text."""


def spaced(names: str) -> str:
    """Chinese programs set blanks inside short names: 主　题, 收 件 人."""
    return re.sub(r"(?<=[\u4e00-\u9fff])(?=[\u4e00-\u9fff])", r"\\s*", names)


FIELD_LINE = re.compile(
    r"^[\s|*]*(?:"
    + "|".join(f"(?P<{kind}>{spaced(names)})" for kind, names in FIELDS.items())
    + r")[\s*]*[:：|]",
    re.IGNORECASE,
)
RULE = re.compile(r"^\s*(?:_{5,}|-{3,}|—{3,}|={5,}|\*{5,}|原始邮件|原始郵件)\s*$")
FOOTER = re.compile(r"^\s*(?:-- ?|_{10,}|-{10,})$")


def new_part(marked: str) -> str:
    """The writer's own words. `marked` is the whole text with HTML quotes between OPEN and CLOSE."""
    lines = marked.replace("\u00a0", " ").split("\n")
    whole = shown(marked).strip()
    if len(lines) > MOST_LINES:
        return whole
    quoted = quoted_lines(lines)
    runs = runs_of(lines, quoted)
    if not any(runs):
        return whole
    if answers_in_place(runs, lines, quoted):
        return whole
    own = "\n".join(
        shown(line) for line, is_quote in zip(marked.split("\n"), quoted, strict=True) if not is_quote
    )
    return own.strip() or whole


def shown(text: str) -> str:
    return text.replace(OPEN, "").replace(CLOSE, "")


def runs_of(lines: list[str], quoted: list[bool]) -> list[bool]:
    """Alternating stretches of lines with words: True is quoted."""
    worded = (is_quote for line, is_quote in zip(lines, quoted, strict=True) if shown(line).strip())
    return [is_quote for is_quote, _ in groupby(worded)]


def answers_in_place(runs: list[bool], lines: list[str], quoted: list[bool]) -> bool:
    """Own words after a quote that had own words, or another quote, around it; a footer is no answer."""
    if runs in ([False, True], [True], [True, False], [False]):
        return False
    if runs == [False, True, False]:
        last = max(at for at, is_quote in enumerate(quoted) if is_quote)
        after = next((line for line in lines[last + 1 :] if shown(line).strip()), "")
        return FOOTER.match(shown(after)) is None
    return True


def quoted_lines(lines: list[str]) -> list[bool]:
    """For each line whether it is quoted, attribution lines and heads of quoted letters included."""
    flags = marked_lines(lines)
    at = 0
    while at < len(lines):
        line = shown(lines[at])
        if len(line) > LONGEST_SIGN:
            at += 1
        elif FORWARDED.match(line):
            return flags[:at] + [False] * (len(lines) - at)
        elif flags[at]:
            at += 1
        elif starts_original(lines, at):
            start = with_rule(lines, at)
            return flags[:start] + [True] * (len(lines) - start)
        elif length := attribution(lines, at):
            after = next((i for i in range(at + length, len(lines)) if shown(lines[i]).strip()), None)
            if after is not None and not flags[after] and certain(" ".join(lines[at : at + length])):
                return flags[:at] + [True] * (len(lines) - at)
            flags[at : at + length] = [after is not None and flags[after]] * length
            at += length
        else:
            at += 1
    return flags


def marked_lines(lines: list[str]) -> list[bool]:
    """Lines with `>` before them, and lines inside an HTML quote."""
    flags = []
    depth = 0
    for line in lines:
        words = line.strip()
        inside = (depth > 0 and not words.startswith(CLOSE)) or words.startswith(OPEN)
        flags.append(inside or (MARK.match(line) is not None and not line.startswith(">From ")))
        depth = max(0, depth + line.count(OPEN) - line.count(CLOSE))
    return flags


def starts_original(lines: list[str], at: int) -> bool:
    """A ruled "original message" line, or the head of a quoted letter: From and two other fields in a few lines."""
    line = shown(lines[at])
    if ORIGINAL.match(line):
        return True
    first = FIELD_LINE.match(line)
    if first is None or first.lastgroup != "from":
        return False
    kinds = set()
    for below in lines[at + 1 : at + 9]:
        match = FIELD_LINE.match(shown(below)[:LONGEST_SIGN])
        kinds |= {match.lastgroup} if match else set()
    return len(kinds & {"when", "to", "subject"}) >= 2


def with_rule(lines: list[str], at: int) -> int:
    """Where the quote begins when a ruled line stands right above its head."""
    above = at - 1
    while above >= 0 and not shown(lines[above]).strip():
        above -= 1
    return above if above >= 0 and RULE.match(shown(lines[above])) else at


def attribution(lines: list[str], at: int) -> int:
    """How many lines from `at` say who wrote what follows; 0 when they don't. Programs wrap it at 78 columns."""
    text = shown(lines[at]).strip()
    if not text or not (ATTRIBUTION_START.match(text) or PERSON.search(text) or WROTE.search(text)):
        return 0
    for length in (1, 2, 3):
        if len(text) > LONGEST_SIGN:
            return 0
        if is_attribution(text):
            return length
        below = shown(lines[at + length]).strip() if at + length < len(lines) else ""
        if not below or MARK.match(below):
            return 0
        text = f"{text} {below}"
    return 0


def is_attribution(text: str) -> bool:
    """A verb of writing with a person or a day, begun as mail programs begin."""
    if NO_VERB.search(text):
        return True
    person = PERSON.search(text)
    return bool(
        WROTE.search(text)
        and (person or ATTRIBUTION_START.match(text))
        and (DAY.search(text) or TIME.search(text))
    )


def certain(text: str) -> bool:
    """Enough to fold what follows without marks: a person's address, or the minute it was written."""
    return bool(PERSON.search(text) or (TIME.search(text) and DAY.search(text)))
