"""One letter in the words of SMTP: sender, recipients, lines, dot, and exactly where the line broke if it did."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from typing import cast

import aiosmtplib
from aiosmtplib import SMTP, SMTPException, SMTPResponse
from aiosmtplib.protocol import SMTPProtocol

from hub.domain.letters import Deferred, Refused

LINE_END = re.compile(rb"\r\n|\r|\n")
SLICE = 2**16
"""Bytes written before looking whether the server took them."""


class Final(Exception):
    """The letter can't be sent to this server at all."""


class AfterTheDot(Exception):
    """The line broke when the server may already have had the whole letter."""


def verdict(code: int, said: str) -> Deferred | Refused:
    """What a server's no means (RFC 5321 §4.2.1): 5xx is final, all else may pass."""
    sentence = f"{code} {said}".strip()
    return Refused(why=sentence) if 500 <= code < 600 else Deferred(why=sentence)


def words(response: SMTPResponse) -> str:
    """A server's answer on one line."""
    return f"{response.code} {response.message}".replace("\n", " ").strip()


def dotted(letter: bytes) -> bytes:
    """The letter as DATA lines: CRLF only, no lone CR or LF, leading dots doubled (RFC 5321 §4.5.2), CRLF at the end."""
    lines = LINE_END.sub(b"\r\n", letter)
    lines = lines if lines.endswith(b"\r\n") else lines + b"\r\n"
    doubled = lines.replace(b"\r\n.", b"\r\n..")
    return b"." + doubled if doubled.startswith(b".") else doubled


async def name_sender(client: SMTP, letter: bytes, sender: str, recipients: Sequence[str]) -> None:
    await _say_hello(client)
    beyond_ascii = not all(address.isascii() for address in (sender, *recipients))
    if beyond_ascii and not client.supports_extension("SMTPUTF8"):
        raise Final("the mail server does not take addresses beyond ASCII (SMTPUTF8)")
    options = ["SMTPUTF8"] if beyond_ascii else []
    options += [f"SIZE={len(letter)}"] if client.supports_extension("SIZE") else []
    options += ["BODY=8BITMIME"] if client.supports_extension("8BITMIME") and not letter.isascii() else []
    await client.mail(sender, options=options, encoding="utf-8")


async def _say_hello(client: SMTP) -> None:
    """What a server can do is known after EHLO alone; aiosmtplib says it only with the first command."""
    if not client.is_ehlo_or_helo_needed:
        return
    try:
        await client.ehlo()
    except aiosmtplib.SMTPHeloError:
        await client.helo()


async def name_recipients(client: SMTP, recipients: Sequence[str]) -> dict[str, SMTPResponse]:
    refused = dict[str, SMTPResponse]()
    for recipient in dict.fromkeys(recipients):
        try:
            await client.rcpt(recipient, encoding="utf-8")
        except aiosmtplib.SMTPRecipientRefused as no:
            refused[recipient] = SMTPResponse(no.code, no.message)
    return refused


async def hand_over(client: SMTP, letter: bytes, seconds: float) -> str:
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
        raise AfterTheDot(sentence("no answer after the letter was sent", lost)) from lost
    if 200 <= response.code < 300:
        return words(response)
    if 400 <= response.code < 600:
        raise aiosmtplib.SMTPDataError(response.code, response.message)
    raise AfterTheDot(f"an answer that means nothing after the letter was sent: {words(response)}")


def sentence(what: str, broken: BaseException) -> str:
    return f"{what}: {str(broken) or type(broken).__name__}"
