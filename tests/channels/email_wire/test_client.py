"""The small readers of the IMAP client, and aioimaplib's traps that it closes."""

import asyncio
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from aioimaplib import aioimaplib
from hypothesis import given
from hypothesis import strategies as st
from pymap.parsing.modutf7 import modutf7_decode

from channels.email.wire.client import MailboxClient, mailbox_name, read_fetch
from channels.email.wire.protocol import HardenedProtocol
from tests.faults.imap_peers import imap_peer


def test_a_chinese_folder_is_named_as_imap_wants_it():
    assert mailbox_name("INBOX") == "INBOX"
    assert mailbox_name("台北/R&D") == "&U,BTFw-/R&-D"


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_every_folder_name_can_be_read_back(name):
    assert modutf7_decode(mailbox_name(name).encode("ascii")) == name


def test_uid_and_date_may_stand_before_or_after_the_letter():
    lines = [
        b'1 FETCH (UID 7 INTERNALDATE " 1-Feb-2026 03:04:05 +0000" BODY[] {3}', bytearray(b"abc"), b")",
        b"2 FETCH (BODY[] {2}", bytearray(b"de"), b" UID 9)",
        b"3 FETCH (FLAGS (\\Seen))",
        b'4 FETCH (UID 11 BODY[] "")',
    ]  # fmt: skip
    seven, nine, eleven = read_fetch(lines)
    assert (seven.uid, seven.body, seven.received_at) == (
        7,
        b"abc",
        datetime(2026, 2, 1, 3, 4, 5, tzinfo=UTC),
    )
    assert (nine.uid, nine.body, nine.received_at) == (9, b"de", None)
    assert (eleven.uid, eleven.body) == (11, b"")


@given(st.lists(st.one_of(st.binary(), st.binary().map(bytearray))))
def test_no_answer_makes_the_reader_stumble(lines):
    list(read_fetch(lines))


async def test_whoever_is_cancelled_while_it_hangs_up_stays_cancelled():
    """The wait for the connection's own task must not take our cancellation for its end."""
    client = object.__new__(MailboxClient)
    client.protocol, client.tasks, client._torn = HardenedProtocol(asyncio.get_running_loop()), set(), True

    async def stubborn() -> None:
        while True:
            try:
                await asyncio.sleep(0.2)
                return
            except asyncio.CancelledError:
                continue

    client._client_task = asyncio.ensure_future(stubborn())
    leaving = asyncio.ensure_future(client.leave())
    await asyncio.sleep(0.05)
    leaving.cancel()
    await asyncio.wait([leaving])
    assert leaving.cancelled()


def fed(protocol, data: bytes, cuts: list[int]):
    """The lines a FETCH collects when its answer comes in pieces."""
    protocol.state = aioimaplib.SELECTED
    command = aioimaplib.FetchCommand("A1", loop=asyncio.get_running_loop())
    protocol.pending_async_commands["FETCH"] = command
    edges = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    for start, end in pairwise(edges):
        protocol.data_received(data[start:end])
    return command.response


@given(
    st.lists(st.binary(max_size=60), max_size=5),
    st.lists(st.integers(0, 10_000), max_size=8),
)
def test_letters_arrive_whole_however_the_network_cuts_them(letters, cuts):
    data = b"".join(
        b"* %d FETCH (UID %d BODY[] {%d}\r\n%b)\r\n" % (n, n, len(body), body)
        for n, body in enumerate(letters, 1)
    )

    async def read():
        protocol = HardenedProtocol(asyncio.get_running_loop())
        response = fed(protocol, data + b"A1 OK done\r\n", cuts)
        assert not protocol.lost.done()
        return response

    response = asyncio.run(read())
    assert response.result == "OK"
    assert [letter.body for letter in read_fetch(response.lines[:-1])] == letters


async def test_many_lines_in_one_piece_are_read():
    data = b"".join(b"* %d FETCH (UID %d FLAGS ())\r\n" % (n, n) for n in range(1, 1_501))
    protocol = HardenedProtocol(asyncio.get_running_loop())
    assert fed(protocol, data + b"A1 OK done\r\n", []).result == "OK"


async def test_control_the_library_s_own_protocol_breaks_on_them():
    data = b"".join(b"* %d FETCH (UID %d FLAGS ())\r\n" % (n, n) for n in range(1, 1_501))
    with pytest.raises(RecursionError):
        fed(aioimaplib.IMAP4ClientProtocol(asyncio.get_running_loop()), data + b"A1 OK done\r\n", [])


async def test_a_password_with_quotes_is_sent_as_one():
    async with imap_peer() as peer:
        client = MailboxClient("127.0.0.1", peer.port, 5, None)
        await client.greet()
        await client.sign_in('a"b', 'x" LOGOUT \\')
        await client.leave()
        assert peer.asked["LOGIN"] == 1
