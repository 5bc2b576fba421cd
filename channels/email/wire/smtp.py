"""Handing letters to the next mail server (aiosmtplib), with an exact answer to the question whether it has them now."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Literal

import aiosmtplib
from aiosmtplib import SMTP, SMTPException, SMTPResponse, SMTPResponseException

from channels.email.wire.dialogue import (
    AfterTheDot,
    Final,
    hand_over,
    name_recipients,
    name_sender,
    sentence,
    verdict,
    words,
)
from hub.domain.letters import Deferred, Delivery, HandedOver, Refused, Uncertain

Security = Literal["starttls", "tls", "plain"]

HANGING_UP = 421


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpSettings:
    """How to reach an outgoing server. `plain` means no encryption at all: for the loopback only.

    `timeout`: seconds per command; `answer_seconds`: for the whole letter until its answer (RFC 5321 §4.5.3.2.6 asks
    for ten minutes); `idle_seconds`: how long an unused connection is kept. `context` None: the system's trusted roots.
    """

    host: str
    port: int
    security: Security = "starttls"
    user: str = ""
    password: str = field(default="", repr=False)
    timeout: float = 60.0
    answer_seconds: float = 600.0
    idle_seconds: float = 30.0
    context: ssl.SSLContext | None = None
    our_name: str = "localhost"


async def send(
    letter: bytes, envelope_from: str, recipients: Sequence[str], settings: SmtpSettings
) -> Delivery:
    """Hand one letter over on a connection of its own. Never raises for what a server or a network does."""
    line = SmtpLine(settings)
    try:
        return await line.send(letter, envelope_from, recipients)
    finally:
        await line.close()


class SmtpLine:
    """One account's connection, kept for the next letter; letters go one after the other."""

    def __init__(self, settings: SmtpSettings) -> None:
        self.settings = settings
        self._client: SMTP | None = None
        self._turn = asyncio.Lock()
        self._idle: asyncio.TimerHandle | None = None

    async def send(self, letter: bytes, envelope_from: str, recipients: Sequence[str]) -> Delivery:
        """`envelope_from` empty: the null return path `<>`. Recipients as plain addresses, at least one."""
        if not recipients:
            return Refused(why="the letter names no recipient")
        async with self._turn:
            self._stay()
            try:
                with cancellations_kept():
                    return await self._send(letter, envelope_from, recipients)
            except BaseException:
                self._drop()
                raise
            finally:
                self._leave_later()

    async def close(self) -> None:
        """Say goodbye, briefly."""
        async with self._turn:
            self._stay()
            if self._client is not None and self._client.is_connected:
                with cancellations_kept(), suppress(SMTPException, OSError, TimeoutError):
                    async with asyncio.timeout(5):
                        await self._client.quit()
            self._drop()

    async def _send(self, letter: bytes, envelope_from: str, recipients: Sequence[str]) -> Delivery:
        used = self._client is not None and self._client.is_connected
        try:
            client = await self._connected()
            await name_sender(client, letter, envelope_from, recipients)
        except Final as no:
            return Refused(why=str(no))
        except SMTPResponseException as no:
            self._drop()
            if used and no.code == HANGING_UP:
                return await self._send(letter, envelope_from, recipients)
            return _not_now(no)
        except (SMTPException, OSError, ValueError) as broken:
            self._drop()
            if used:
                return await self._send(letter, envelope_from, recipients)
            return Deferred(why=sentence("could not reach the mail server", broken))
        return await self._name_and_hand_over(client, letter, recipients)

    async def _name_and_hand_over(self, client: SMTP, letter: bytes, recipients: Sequence[str]) -> Delivery:
        refused = dict[str, SMTPResponse]()
        try:
            refused = await name_recipients(client, recipients)
            if len(refused) == len(set(recipients)):
                self._drop()
                return _nobody_taken(refused)
            answer = await hand_over(client, letter, self.settings.answer_seconds)
        except AfterTheDot as lost:
            self._drop()
            return Uncertain(why=str(lost))
        except SMTPResponseException as no:
            self._drop()
            return verdict(no.code, no.message)
        except (SMTPException, OSError, ValueError) as broken:
            self._drop()
            return Deferred(why=sentence("the connection broke before the letter was complete", broken))
        return HandedOver(receipt=answer, refused=tuple((who, words(no)) for who, no in refused.items()))

    async def _connected(self) -> SMTP:
        if self._client is not None and self._client.is_connected:
            return self._client
        self._client = _client(self.settings)
        async with asyncio.timeout(3 * self.settings.timeout):
            await self._client.connect()
        return self._client

    def _stay(self) -> None:
        if self._idle is not None:
            self._idle.cancel()

    def _leave_later(self) -> None:
        self._idle = asyncio.get_running_loop().call_later(self.settings.idle_seconds, self._drop)

    def _drop(self) -> None:
        if self._client is not None:
            self._client.close()
        self._client = None


@contextmanager
def cancellations_kept() -> Iterator[None]:
    """aiosmtplib waits by `asyncio.wait_for`, which in Python 3.11 forgets a cancellation that comes with an answer."""
    task = asyncio.current_task()
    before = task.cancelling() if task else 0
    yield
    if task and task.cancelling() > before:
        raise asyncio.CancelledError


def _client(settings: SmtpSettings) -> SMTP:
    return SMTP(
        hostname=settings.host, port=settings.port, timeout=settings.timeout, local_hostname=settings.our_name,
        username=settings.user or None, password=settings.password if settings.user else None,
        use_tls=settings.security == "tls", start_tls=settings.security == "starttls", tls_context=settings.context,
    )  # fmt: skip


def _not_now(no: SMTPResponseException) -> Delivery:
    """A refused login or greeting says nothing about the letter: it waits until the account is put right."""
    if isinstance(no, aiosmtplib.SMTPSenderRefused):
        return verdict(no.code, no.message)
    return Deferred(why=f"the mail server does not let us in: {no.code} {no.message}")


def _nobody_taken(refused: dict[str, SMTPResponse]) -> Deferred | Refused:
    answers = list(refused.values())
    hopeful = [answer for answer in answers if not 500 <= answer.code < 600]
    why = "; ".join(f"{who}: {words(answer)}" for who, answer in refused.items())
    return Deferred(why=why) if hopeful else Refused(why=why)
