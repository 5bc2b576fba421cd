"""Handing letters to the next mail server (aiosmtplib), with an exact answer to the question whether it has them now."""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Literal, cast

import aiosmtplib
from aiosmtplib import SMTP, SMTPException, SMTPResponse, SMTPResponseException
from aiosmtplib.protocol import SMTPProtocol

from hub.domain.letters import Deferred, Delivery, HandedOver, Refused, Uncertain

Security = Literal["starttls", "tls", "plain"]

LINE_END = re.compile(rb"\r\n|\r|\n")
HANGING_UP = 421
SLICE = 2**16
"""Bytes written before looking whether the server took them."""


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


async def send(letter: bytes, envelope_from: str, recipients: Sequence[str], settings: SmtpSettings) -> Delivery:
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
                with suppress(SMTPException, OSError, TimeoutError):
                    await asyncio.wait_for(self._client.quit(), 5)
            self._drop()

    async def _send(self, letter: bytes, envelope_from: str, recipients: Sequence[str]) -> Delivery:
        used = self._client is not None and self._client.is_connected
        try:
            client = await self._connected()
            await _name_sender(client, letter, envelope_from, recipients)
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
            return Deferred(why=_sentence("could not reach the mail server", broken))
        return await self._name_and_hand_over(client, letter, recipients)

    async def _name_and_hand_over(self, client: SMTP, letter: bytes, recipients: Sequence[str]) -> Delivery:
        refused = dict[str, SMTPResponse]()
        try:
            refused = await _name_recipients(client, recipients)
            if len(refused) == len(set(recipients)):
                self._drop()
                return _nobody_taken(refused)
            answer = await _hand_over(client, letter, self.settings.answer_seconds)
        except AfterTheDot as lost:
            self._drop()
            return Uncertain(why=str(lost))
        except SMTPResponseException as no:
            self._drop()
            return verdict(no.code, no.message)
        except (SMTPException, OSError, ValueError) as broken:
            self._drop()
            return Deferred(why=_sentence("the connection broke before the letter was complete", broken))
        return HandedOver(receipt=answer, refused=tuple((who, words(no)) for who, no in refused.items()))

    async def _connected(self) -> SMTP:
        if self._client is not None and self._client.is_connected:
            return self._client
        self._client = _client(self.settings)
        await asyncio.wait_for(self._client.connect(), 3 * self.settings.timeout)
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


class Final(Exception):
    """The letter can't be sent to this server at all."""


class AfterTheDot(Exception):
    """The line broke when the server may already have had the whole letter."""


def verdict(code: int, said: str) -> Deferred | Refused:
    """What a server's no means (RFC 5321 §4.2.1): 5xx is final, all else may pass."""
    sentence = f"{code} {said}".strip()
    return Refused(why=sentence) if 500 <= code < 600 else Deferred(why=sentence)


def _not_now(no: SMTPResponseException) -> Delivery:
    """A refused login or greeting says nothing about the letter: it waits until the account is put right."""
    if isinstance(no, aiosmtplib.SMTPSenderRefused):
        return verdict(no.code, no.message)
    return Deferred(why=f"the mail server does not let us in: {no.code} {no.message}")


def words(response: SMTPResponse) -> str:
    """A server's answer on one line."""
    return f"{response.code} {response.message}".replace("\n", " ").strip()


def dotted(letter: bytes) -> bytes:
    """The letter as DATA lines: CRLF only, no lone CR or LF, leading dots doubled (RFC 5321 §4.5.2), CRLF at the end."""
    lines = LINE_END.sub(b"\r\n", letter)
    lines = lines if lines.endswith(b"\r\n") else lines + b"\r\n"
    doubled = lines.replace(b"\r\n.", b"\r\n..")
    return b"." + doubled if doubled.startswith(b".") else doubled


def _client(settings: SmtpSettings) -> SMTP:
    return SMTP(
        hostname=settings.host, port=settings.port, timeout=settings.timeout, local_hostname=settings.our_name,
        username=settings.user or None, password=settings.password if settings.user else None,
        use_tls=settings.security == "tls", start_tls=settings.security == "starttls", tls_context=settings.context,
    )  # fmt: skip


async def _name_sender(client: SMTP, letter: bytes, sender: str, recipients: Sequence[str]) -> None:
    beyond_ascii = not all(address.isascii() for address in (sender, *recipients))
    if beyond_ascii and not client.supports_extension("SMTPUTF8"):
        raise Final("the mail server does not take addresses beyond ASCII (SMTPUTF8)")
    options = ["SMTPUTF8"] if beyond_ascii else []
    options += [f"SIZE={len(letter)}"] if client.supports_extension("SIZE") else []
    options += ["BODY=8BITMIME"] if client.supports_extension("8BITMIME") and not letter.isascii() else []
    await client.mail(sender, options=options, encoding="utf-8")


async def _name_recipients(client: SMTP, recipients: Sequence[str]) -> dict[str, SMTPResponse]:
    refused = dict[str, SMTPResponse]()
    for recipient in dict.fromkeys(recipients):
        try:
            await client.rcpt(recipient, encoding="utf-8")
        except aiosmtplib.SMTPRecipientRefused as no:
            refused[recipient] = SMTPResponse(no.code, no.message)
    return refused


def _nobody_taken(refused: dict[str, SMTPResponse]) -> Deferred | Refused:
    answers = list(refused.values())
    hopeful = [answer for answer in answers if not 500 <= answer.code < 600]
    why = "; ".join(f"{who}: {words(answer)}" for who, answer in refused.items())
    return Deferred(why=why) if hopeful else Refused(why=why)


async def _hand_over(client: SMTP, letter: bytes, seconds: float) -> str:
    """DATA, the lines, the dot, the answer. aiosmtplib's own `data` can't tell a break before the dot from one after."""
    go_ahead = await client.execute_command(b"DATA")
    if go_ahead.code != 354:
        raise aiosmtplib.SMTPDataError(go_ahead.code, go_ahead.message)
    protocol = client.protocol
    if protocol is None:
        raise aiosmtplib.SMTPServerDisconnected("Connection lost")
    answer = asyncio.ensure_future(protocol.read_response(timeout=seconds))
    try:
        await _write_lines(protocol, dotted(letter), answer)
        protocol.write(b".\r\n")
        return await _answer_to_the_dot(answer)
    finally:
        answer.cancel()


async def _write_lines(protocol: SMTPProtocol, lines: bytes, answer: asyncio.Future[SMTPResponse]) -> None:
    """All lines but the dot, given to the system piece by piece; an answer or a break now comes before the dot."""
    for start in range(0, len(lines), SLICE):
        await asyncio.sleep(0)
        protocol.write(lines[start : start + SLICE])
        while not answer.done() and _unsent(protocol):
            await asyncio.wait({answer}, timeout=0.01)
        if answer.done():
            early = answer.result()
            raise aiosmtplib.SMTPDataError(early.code, early.message)


def _unsent(protocol: SMTPProtocol) -> int:
    transport = cast("asyncio.WriteTransport | None", protocol.transport)
    return transport.get_write_buffer_size() if transport is not None else 0


async def _answer_to_the_dot(answer: asyncio.Future[SMTPResponse]) -> str:
    try:
        response = await answer
    except (SMTPException, OSError) as lost:
        raise AfterTheDot(_sentence("no answer after the letter was sent", lost)) from lost
    if 200 <= response.code < 300:
        return words(response)
    if 400 <= response.code < 600:
        raise aiosmtplib.SMTPDataError(response.code, response.message)
    raise AfterTheDot(f"an answer that means nothing after the letter was sent: {words(response)}")


def _sentence(what: str, broken: BaseException) -> str:
    return f"{what}: {str(broken) or type(broken).__name__}"
