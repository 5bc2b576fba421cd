"""The mail channel against two kinds of server: the demo's own, and Dovecot with Exim. The same promises hold."""

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from channels.email.wire import (
    Arrival,
    Ledger,
    MailboxNote,
    MailboxSettings,
    SmtpSettings,
    follow_mailbox,
    send,
)
from hub.demo.certificates import client_context
from hub.demo.doorman import User
from hub.demo.mailserver import MailServer
from hub.domain.letters import Deferred, HandedOver, Location, Refused
from tests.servers.dovecot_exim import dovecot_exim

SUPPORT, ALICE, BEN = "support@shop.example", "alice@home.example", "ben@home.example"
USERS = [User(address=address, password="secret") for address in (SUPPORT, ALICE, BEN)]
PATIENCE = 30


@pytest.fixture(scope="module")
def debian():
    with dovecot_exim(USERS) as rig:
        yield rig


@pytest.fixture(
    params=["demo", pytest.param("dovecot and exim", marks=pytest.mark.needs("dovecot", "exim4"))]
)
async def server(request):
    if request.param == "demo":
        async with MailServer(users=USERS) as demo:
            yield demo
    else:
        yield request.getfixturevalue("debian")


def smtp(server, who=ALICE, **more) -> SmtpSettings:
    given = {"user": who, "password": "secret", "context": client_context(server.ca_pem), **more}
    return SmtpSettings(host="127.0.0.1", port=server.smtp_port, **given)


@dataclass
class Heard:
    cursor: Location | None = None
    arrivals: list[Arrival] = field(default_factory=list)
    notes: list[MailboxNote] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def load(self):
        return self.cursor

    async def take(self, arrival):
        self.arrivals.append(arrival)

    async def settle(self, cursor):
        self.cursor = cursor
        self.changed.set()

    def note(self, note):
        self.notes.append(note)
        self.changed.set()

    async def until(self, holds):
        async with asyncio.timeout(PATIENCE):
            while not holds():
                await self.changed.wait()
                self.changed.clear()

    def on_record(self, part: bytes) -> list[Arrival]:
        """Letters with these bytes, once the cursor has passed them."""
        last = self.cursor.uid if self.cursor else 0
        return [arrival for arrival in self.arrivals if part in arrival.raw and arrival.location.uid <= last]


@asynccontextmanager
async def listening(server, who=SUPPORT, heard=None, **more):
    heard = heard or Heard()
    settings = MailboxSettings(
        account=who, host="127.0.0.1", port=server.imap_port, user=who, password="secret",
        context=client_context(server.ca_pem), **more,
    )  # fmt: skip
    ledger = Ledger(load=heard.load, take=heard.take, settle=heard.settle, note=heard.note)
    task = asyncio.create_task(follow_mailbox(settings, ledger))
    try:
        await heard.until(lambda: any(note.state == "following" for note in heard.notes))
        yield heard
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def letter(mark: str, sender=ALICE, extra: bytes = b"") -> bytes:
    head = f"From: Alice <{sender}>\r\nTo: {SUPPORT}\r\nSubject: {mark} 灯坏了 (a * b\r\nMessage-ID: <{mark}@home.example>\r\n"
    return head.encode() + extra + f"\r\n{mark}\r\n.\r\n..你好\r\n".encode()


async def test_a_letter_sent_is_heard_while_idling_with_every_byte_of_its_body(server):
    async with listening(server) as heard:
        assert isinstance(await send(letter("idle"), ALICE, [SUPPORT], smtp(server)), HandedOver)
        await heard.until(lambda: heard.on_record(b"<idle@"))
        (arrival,) = heard.on_record(b"<idle@")
        assert arrival.raw.partition(b"\r\n\r\n")[2] == letter("idle").partition(b"\r\n\r\n")[2]
        assert arrival.received_at is not None


async def test_an_answer_comes_back_to_the_customer(server):
    async with listening(server, who=ALICE) as alice:
        answer = letter("answer", sender=SUPPORT)
        assert isinstance(await send(answer, "", [ALICE], smtp(server, SUPPORT)), HandedOver)
        await alice.until(lambda: alice.on_record(b"<answer@"))
        assert any(b"<answer@" in kept for kept in await server.letters(ALICE))


async def test_a_plus_address_reaches_the_mailbox_before_the_plus(server):
    async with listening(server) as heard:
        await send(letter("plus"), ALICE, ["support+token123@shop.example"], smtp(server))
        await heard.until(lambda: heard.on_record(b"<plus@"))
        assert b"support+token123@shop.example" in heard.on_record(b"<plus@")[0].raw


async def test_only_the_owner_of_an_address_is_vouched_for(server):
    forged = f"Authentication-Results: {server.authserv_id}; dmarc=pass header.from=home.example\r\n".encode()
    async with listening(server) as heard:
        await send(letter("own"), ALICE, [SUPPORT], smtp(server, ALICE))
        await send(letter("spoof", extra=forged), BEN, [SUPPORT], smtp(server, BEN))
        await send(letter("nobody"), ALICE, [SUPPORT], smtp(server, user=""))
        await heard.until(lambda: all(heard.on_record(m) for m in (b"<own@", b"<spoof@", b"<nobody@")))
        verdicts = {
            mark: heard.on_record(mark)[0].raw.partition(b"\r\n\r\n")[0]
            for mark in (b"<own@", b"<spoof@", b"<nobody@")
        }
    assert b"dmarc=pass" in verdicts[b"<own@"]
    for mark in (b"<spoof@", b"<nobody@"):
        assert b"dmarc=pass" not in verdicts[mark] and b"dmarc=fail" in verdicts[mark]


async def test_a_stranger_s_mailbox_is_refused_for_good(server):
    refused = await send(letter("lost"), ALICE, ["nobody@shop.example"], smtp(server))
    assert isinstance(refused, Refused) and "550" in refused.why


async def test_a_wrong_password_leaves_the_letter_waiting(server):
    assert isinstance(await send(letter("wrong"), ALICE, [SUPPORT], smtp(server, password="no")), Deferred)


async def test_a_server_that_can_t_prove_its_name_gets_nothing(server):
    assert isinstance(await send(letter("tls"), ALICE, [SUPPORT], smtp(server, context=None)), Deferred)
    assert not any(b"<tls@" in kept for kept in await server.letters(SUPPORT))


async def test_what_came_while_nobody_listened_is_taken_once(server):
    first = Heard()
    async with listening(server, heard=first):
        await send(letter("before"), ALICE, [SUPPORT], smtp(server))
        await first.until(lambda: first.on_record(b"<before@"))
    for mark in ("gap1", "gap2"):
        await send(letter(mark), ALICE, [SUPPORT], smtp(server))
    second = Heard(cursor=first.cursor)
    async with listening(server, heard=second, poll_seconds=1):
        await second.until(lambda: second.on_record(b"<gap1@") and second.on_record(b"<gap2@"))
        assert not second.on_record(b"<before@")


async def test_a_big_letter_goes_through_whole(server):
    big = letter("big") + (b"0123456789" * 7 + b"\r\n") * 40_000
    async with listening(server, who=BEN) as heard:
        assert isinstance(await send(big, ALICE, [BEN], smtp(server)), HandedOver)
        await heard.until(lambda: heard.on_record(b"<big@"))
        assert heard.on_record(b"<big@")[0].raw.endswith(big.partition(b"\r\n\r\n")[2])
