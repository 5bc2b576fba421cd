"""Invented letters, the same for the same seed, each with what a good reader must find in it.

    >>> for letter in letters(2_000, seed=7): ...

Half of them answer an earlier letter of the same customer, a third are Chinese; attachments have ASCII,
RFC 2047 and RFC 2231 names; bodies come in several charsets and transfer encodings and quote as seven
mail programs do.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from hashlib import sha256
from pathlib import Path

from tests.letters import phrases
from tests.letters.envelopes import Written, assembled, subject_in
from tests.letters.programs import PROGRAMS, Program

START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Generated:
    """One letter and the truth about it.

    `replies_to`: Message-ID of the letter it answers, "" for a new matter; `conversation`: number of the
    matter, the same for a letter and all its answers. `exact`: white space of `text` must be equal too
    (in letters that are HTML alone it need not be: compare `squeezed`). `files`: (name, sha256) in order.
    """

    raw: bytes
    message_id: str
    customer: str
    name: str
    subject: str
    text: str
    new_text: str
    files: tuple[tuple[str, str], ...]
    replies_to: str
    references: tuple[str, ...]
    conversation: int
    language: str
    program: str
    exact: bool


def letters(count: int, seed: int, *, to: str = "care@shop.example") -> Iterator[Generated]:
    """`count` letters in the order of their dates."""
    rng = random.Random(seed)
    customers = people(max(4, count // 5), rng)
    written: dict[str, list[Generated]] = {}
    conversations = 0
    for number in range(count):
        address, name, script = rng.choice(customers)
        earlier = written.setdefault(address, [])
        cause = rng.choice(earlier) if earlier and rng.random() < 0.62 else None
        conversations += cause is None
        program = rng.choice([each for each in PROGRAMS if script in each.scripts])
        letter = one(number, cause, Person(address, name, script, to), program, rng)
        letter = replace(letter, conversation=cause.conversation if cause else conversations)
        earlier.append(letter)
        yield letter


@dataclass(frozen=True, slots=True)
class Person:
    """A customer, and the mailbox written to."""

    address: str
    name: str
    script: str
    to: str


def people(count: int, rng: random.Random) -> list[tuple[str, str, str]]:
    """(address, name, script) of invented customers, a third of them Chinese."""
    scripts = ["zh", "en", "en", "zh", "en", "tw", "en", "en"]
    chosen = [scripts[number % len(scripts)] for number in range(count)]
    return [
        (f"c{number}.{rng.randrange(10**6)}@mail.example", rng.choice(phrases.PEOPLE[script]), script)
        for number, script in enumerate(chosen)
    ]


def one(
    number: int, cause: Generated | None, person: Person, program: Program, rng: random.Random
) -> Generated:
    """One letter as this program writes it."""
    new_text = own_words(person, rng)
    text = program.quoting(new_text, quoted_from(cause, person)) if cause else new_text
    subject = (
        program.reply_prefix + bare_subject(cause.subject)
        if cause
        else rng.choice(phrases.SUBJECTS[person.script])
    )
    files = attachments(person.script, rng)
    message_id = f"{number}.{rng.randrange(10**9)}@{program.name}.example"
    references = (*cause.references, cause.message_id)[-10:] if cause else ()
    written = Written(
        sender=(person.name, person.address),
        to=person.to,
        subject=subject,
        date=format_datetime(START + timedelta(minutes=7 * number)),
        message_id=message_id,
        references=references,
        text=text,
        files=tuple(files),
    )
    return Generated(
        raw=assembled(written, program, person.script, rng),
        message_id=message_id,
        customer=person.address,
        name=person.name,
        subject=subject_in(subject),
        text=text,
        new_text=new_text,
        files=tuple((name, sha256(content).hexdigest()) for name, content in files),
        replies_to=cause.message_id if cause else "",
        references=references,
        conversation=0,
        language="en" if person.script == "en" else "zh",
        program=program.name,
        exact=not program.html_only,
    )


def bare_subject(subject: str) -> str:
    for prefix in ("Re: ", "RE: ", "回复：", "回复: ", "答复: "):
        subject = subject.removeprefix(prefix)
    return subject


def own_words(person: Person, rng: random.Random) -> str:
    """Two to six sentences in one to three paragraphs, and a name below."""
    sentences = [rng.choice(phrases.SENTENCES[person.script]) for _ in range(rng.randint(2, 6))]
    joint = " " if person.script == "en" else ""
    cut = rng.randint(1, len(sentences))
    paragraphs = [part for part in (joint.join(sentences[:cut]), joint.join(sentences[cut:])) if part]
    return "\n\n".join([*paragraphs, person.name])


def quoted_from(cause: Generated, person: Person) -> tuple[str, str, str]:
    """(name, address, words) of the letter quoted."""
    return cause.name, cause.customer, cause.new_text


def attachments(script: str, rng: random.Random) -> list[tuple[str, bytes]]:
    """None to three files with invented bytes."""
    amount = rng.choice((0, 0, 0, 1, 1, 2, 3))
    names = rng.sample(phrases.FILES[script], amount)
    return [(name, rng.randbytes(rng.choice((0, 1, 57, 900, 5_000)))) for name in names]


def squeezed(text: str) -> str:
    """Text without any white space, for letters whose program leaves it to HTML."""
    return "".join(text.split())


def answering(letter: Generated, message_id: str) -> Generated:
    """The same reply, made to answer the letter `message_id` (say, the hub's own acknowledgement) instead."""
    old, new = letter.replies_to.encode(), message_id.encode()
    head, line, body = letter.raw.partition(b"\r\n\r\n")
    raw = head.replace(b"<" + old + b">", b"<" + new + b">") + line + body
    return replace(letter, raw=raw, replies_to=message_id, references=(*letter.references[:-1], message_id))


# --- Damage --------------------------------------------------------------------------------------------------------

NASTY = (
    b"\x00", b"\xff\xfe", b"=?utf-8?B?", b"=?x?q?=?=", b"\r\n\r\n", b"\r", b"\n \n", b"--", b"<>", b'"', b"(((((", b"=\r\n", b"====",
    b"charset=", b"charset=base64;", b"charset=utf-16;", b"boundary=", b";;;;", b"filename*0*=x''%", b"filename*99999=a;", b"\x1b$B", b"+AGE-",
    b"Content-Type: multipart/mixed; boundary=\r\n", b"Content-Transfer-Encoding: base64\r\n", b"Content-Type: message/rfc822\r\n",
    b"From: \r\n", b"Subject: \x81\x30\x81\r\n", b"Date: 99 Foo 99999 99:99:99 +9999\r\n", b"@", b"]<bob@example.net>", b",,,,", b"\xa1\xa1" * 9,
)  # fmt: skip


def mutate(raw: bytes, rng: random.Random) -> bytes:
    """The letter with one to eight wounds: bytes changed, lost, doubled, moved, cut off, or nasty ones put in."""
    for _ in range(rng.randint(1, 8)):
        raw = rng.choice(WOUNDS)(raw, rng)
    return raw


def place(raw: bytes, rng: random.Random) -> int:
    """Mostly in the head, where wounds hurt."""
    return rng.randrange(len(raw) + 1) if rng.random() < 0.4 else rng.randrange(min(len(raw), 1_500) + 1)


def changed(raw: bytes, rng: random.Random) -> bytes:
    at = place(raw, rng)
    return raw[:at] + bytes((rng.randrange(256),)) + raw[at + 1 :]


def lost(raw: bytes, rng: random.Random) -> bytes:
    at = place(raw, rng)
    return raw[:at] + raw[at + rng.choice((1, 2, 10, 100)) :]


def doubled(raw: bytes, rng: random.Random) -> bytes:
    at = place(raw, rng)
    return raw[:at] + raw[at : at + rng.choice((1, 20, 200))] * rng.choice((2, 3, 30)) + raw[at:]


def pricked(raw: bytes, rng: random.Random) -> bytes:
    at = place(raw, rng)
    return raw[:at] + rng.choice(NASTY) + raw[at:]


def cut_off(raw: bytes, rng: random.Random) -> bytes:
    return raw[: place(raw, rng)] if rng.random() < 0.3 else raw


def moved(raw: bytes, rng: random.Random) -> bytes:
    lines = raw.split(b"\n")
    one, other = rng.randrange(len(lines)), rng.randrange(len(lines))
    lines[one], lines[other] = lines[other], lines[one]
    return b"\n".join(lines)


WOUNDS = (changed, lost, doubled, pricked, cut_off, moved)


def cpython_letters() -> Iterator[tuple[str, bytes]]:
    """(name, bytes) of the letters that CPython tests its own parser with; none when this interpreter lacks them."""
    try:
        import test.test_email as package
    except ImportError:
        return
    for path in sorted((Path(package.__path__[0]) / "data").glob("*.txt")):
        yield path.name, path.read_bytes()
