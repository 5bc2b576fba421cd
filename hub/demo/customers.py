"""The demo's customers at their desks: they write, look into their mailboxes and write back, all over real mail."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, formataddr
from hashlib import sha256
from pathlib import Path
from random import Random

from channels.email.wire.protocol import ConnectionLost
from hub.demo.office import Office, mailbox, post, readable, user
from hub.demo.people import DOMAIN, PASSWORD, SUPPORT
from hub.demo.story import ANSWERS, SCENES, Answer, Scene
from hub.domain.letters import Deferred, Delivery

__all__ = ["Office", "live", "mailbox", "readable", "write"]

LOOK_EVERY = 2.0
"""Seconds between two looks into a customer's mailbox."""


async def write(
    office: Office,
    sender: str,
    subject: str,
    text: str,
    *,
    to: str = SUPPORT.address,
    password: str = PASSWORD,
) -> Delivery:
    """Send one plain letter as somebody with a mailbox here; a reply to the newest letter there with that subject."""
    scene = Scene(
        name=f"{sender} {datetime.now(UTC).isoformat()}", sender=user(sender, password), subject=subject,
        text=text, to=user(to),
    )  # fmt: skip
    letter = compose(scene, datetime.now(UTC))
    if subject.lower().startswith("re:"):
        heard = [got for got in await mailbox(office, sender, password) if _same_subject(got, subject)]
        letter = answering(heard[-1], letter) if heard else letter
    return await post(office, scene.sender, letter)


async def live(
    office: Office, *, seconds: float = 180.0, seed: int = 7, progress: Path | None = None,
    tell: Callable[[str], None] = print,
) -> None:  # fmt: skip
    """All scenes over about `seconds`, then answers for as long as it is left running (until cancelled).

    `progress` remembers what was written, so that a second start goes on. The pace is the same for the same seed.
    """
    done = _Written(progress)
    async with asyncio.TaskGroup() as together:
        together.create_task(_play(office, seconds, seed, done, tell))
        together.create_task(_answer(office, done, tell))


def moments(count: int, seconds: float, seed: int) -> list[float]:
    """When each of `count` letters is written, in seconds from the start: the first soon, the rest spread unevenly."""
    dice = Random(seed)
    gaps = [dice.uniform(0.4, 1.6) for _ in range(count)]
    gaps[0] = 0.2
    total = sum(gaps)
    return [seconds * sum(gaps[: index + 1]) / total for index in range(count)]


def compose(scene: Scene, now: datetime) -> EmailMessage:
    """A letter as a mail program writes it."""
    author = scene.claims or scene.sender
    letter = EmailMessage(policy=SMTP)
    letter["From"] = formataddr((author.name, author.address))
    letter["To"] = formataddr((scene.to.name, scene.to.address))
    letter["Subject"] = scene.subject
    letter["Date"] = format_datetime(now)
    letter["Message-ID"] = f"<{_mark(scene.name)}@{author.address.rpartition('@')[2]}>"
    for name, value in scene.headers.items():
        letter[name] = value
    letter.set_content(scene.text, charset=scene.charset)
    if scene.html:
        letter.add_alternative(scene.html, subtype="html")
    for filename, kind, content in scene.files:
        major, _, minor = kind.partition("/")
        letter.add_attachment(content, maintype=major, subtype=minor, filename=filename)
    return letter


def answering(heard: EmailMessage, letter: EmailMessage) -> EmailMessage:
    """`letter` as an answer to `heard`: addressed where that asked, threaded, and quoting it."""
    known = " ".join(str(heard.get(name, "")) for name in ("References", "Message-ID")).split()
    del letter["To"], letter["Subject"]
    letter["To"] = str(heard.get("Reply-To") or heard["From"])
    subject = str(heard.get("Subject", ""))
    letter["Subject"] = subject if subject.lower().startswith("re:") else f"Re: {subject}"
    letter["In-Reply-To"] = str(heard.get("Message-ID", ""))
    letter["References"] = " ".join(known)
    body = heard.get_body(("plain",))
    quoted = "\n".join(f"> {line}" for line in (body.get_content() if body else "").splitlines())
    said = letter.get_content().rstrip()
    letter.set_content(f"{said}\n\nOn {heard.get('Date', '')}, {heard.get('From', '')} wrote:\n{quoted}\n")
    return letter


class _Written:
    """Which scenes and answers are written, in a small file."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.names: set[str] = set(json.loads(path.read_text())) if path and path.exists() else set()

    def add(self, name: str) -> None:
        self.names.add(name)
        if self.path is not None:
            self.path.write_text(json.dumps(sorted(self.names)))


async def _play(
    office: Office, seconds: float, seed: int, done: _Written, tell: Callable[[str], None]
) -> None:
    started = asyncio.get_running_loop().time()
    left = [scene for scene in SCENES if scene.name not in done.names]
    for scene, moment in zip(left, moments(len(left), seconds, seed) if left else [], strict=True):
        await asyncio.sleep(max(0.0, started + moment - asyncio.get_running_loop().time()))
        delivery = await post(office, scene.sender, compose(scene, datetime.now(UTC)))
        if not isinstance(delivery, Deferred):
            done.add(scene.name)
            tell(f"{(scene.claims or scene.sender).name} wrote: {scene.subject}")


async def _answer(office: Office, done: _Written, tell: Callable[[str], None]) -> None:
    while any(answer.name not in done.names for answer in ANSWERS):
        await asyncio.sleep(LOOK_EVERY)
        for answer in ANSWERS:
            if answer.name not in done.names:
                with suppress(ConnectionLost, OSError):
                    await _answer_one(office, answer, done, tell)


async def _answer_one(office: Office, answer: Answer, done: _Written, tell: Callable[[str], None]) -> None:
    heard = _first(await mailbox(office, answer.sender.address), automatic=answer.to_automatic)
    if heard is None:
        return
    scene = Scene(
        name=answer.name, sender=answer.sender, subject="", text=answer.text, headers=answer.headers
    )
    letter = answering(heard, compose(scene, datetime.now(UTC)))
    if not isinstance(await post(office, answer.sender, letter), Deferred):
        done.add(answer.name)
        tell(f"{answer.sender.name} answered: {letter['Subject']}")


def _first(letters: Iterable[EmailMessage], *, automatic: bool) -> EmailMessage | None:
    """The first letter from the shop, written by a machine or by a person as asked."""
    ours = [letter for letter in letters if DOMAIN in str(letter.get("From", ""))]
    return next((letter for letter in ours if _is_automatic(letter) is automatic), None)


def _is_automatic(letter: EmailMessage) -> bool:
    return str(letter.get("Auto-Submitted", "no")).strip().lower() != "no"


def _same_subject(letter: EmailMessage, subject: str) -> bool:
    return str(letter.get("Subject", "")).lower().removeprefix("re: ") == subject[3:].strip().lower()


def _mark(name: str) -> str:
    return sha256(name.encode()).hexdigest()[:24]
