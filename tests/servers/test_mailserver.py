"""The demo's mail server: what it keeps, whom it vouches for, and how it goes on after a restart."""

import asyncio
import imaplib
import json
import smtplib
import subprocess
import sys
import time
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.demo.certificates import client_context, papers_in
from hub.demo.mailserver import MailServer, User
from hub.demo.postmark import Submission, judge, stamp

ALICE, SUPPORT = "alice@home.example", "support@shop.example"
USERS = [User(address=address, password="secret") for address in (ALICE, SUPPORT)]
LETTER = b"From: Alice <alice@home.example>\r\nSubject: hi\r\n\r\nhello\r\n"
OURS = frozenset({"home.example"})


def submission(login: str = "") -> Submission:
    return Submission(
        server="mail.shop.example",
        recipient=SUPPORT,
        sender=ALICE,
        peer="pc",
        login=login,
        at=datetime.now(UTC),
    )


def look(server) -> tuple[int, list[int], list[bytes]]:
    """UIDVALIDITY, UIDs and letters of the shop's mailbox, through the standard library's client."""
    with imaplib.IMAP4_SSL("127.0.0.1", server.imap_port, ssl_context=client_context(server.ca_pem)) as imap:
        imap.login(SUPPORT, "secret")
        imap.select()
        validity = int(imap.response("UIDVALIDITY")[1][0])
        uids = [int(uid) for uid in imap.uid("search", None, "ALL")[1][0].split()]
        letters = [imap.uid("fetch", str(uid), "(BODY.PEEK[])")[1][0][1] for uid in uids]
        return validity, uids, letters


def forget_last(server) -> None:
    with imaplib.IMAP4_SSL("127.0.0.1", server.imap_port, ssl_context=client_context(server.ca_pem)) as imap:
        imap.login(SUPPORT, "secret")
        imap.select()
        imap.uid("store", str(look(server)[1][-1]), "+FLAGS", "(\\Deleted)")
        imap.expunge()


async def test_a_restart_finds_the_same_letters_under_the_same_numbers(tmp_path):
    async with MailServer(users=USERS, folder=tmp_path) as server:
        for _ in range(3):
            await server.deliver(LETTER, ALICE, SUPPORT, login=ALICE)
        before, ca = await asyncio.to_thread(look, server), server.ca_pem
    async with MailServer(users=USERS, folder=tmp_path) as server:
        assert await asyncio.to_thread(look, server) == before
        assert server.ca_pem == ca
        await server.deliver(LETTER, ALICE, SUPPORT)
        assert (await asyncio.to_thread(look, server))[1][-1] == before[1][-1] + 1


async def test_the_number_of_a_deleted_letter_never_comes_again(tmp_path):
    async with MailServer(users=USERS, folder=tmp_path) as server:
        for _ in range(2):
            await server.deliver(LETTER, ALICE, SUPPORT)
        _, (first, last), _ = await asyncio.to_thread(look, server)
        await asyncio.to_thread(forget_last, server)
    async with MailServer(users=USERS, folder=tmp_path) as server:
        await server.deliver(LETTER, ALICE, SUPPORT)
        assert (await asyncio.to_thread(look, server))[1] == [first, last + 1]


async def test_two_letters_at_the_same_instant_are_both_kept(tmp_path):
    async with MailServer(users=USERS, folder=tmp_path) as server:
        letters = [LETTER + str(n).encode() for n in range(20)]
        await asyncio.gather(*(server.deliver(letter, ALICE, SUPPORT) for letter in letters))
    async with MailServer(users=USERS, folder=tmp_path) as server:
        kept = await server.letters(SUPPORT)
    assert sorted(raw.partition(b"\r\n\r\n")[2] for raw in kept) == sorted(
        raw.partition(b"\r\n\r\n")[2] for raw in letters
    )


async def test_the_standard_library_s_client_is_let_in_with_starttls_and_password():
    def talk(server, password: str) -> None:
        with smtplib.SMTP("127.0.0.1", server.smtp_port) as client:
            client.starttls(context=client_context(server.ca_pem))
            client.login(ALICE, password)
            client.sendmail(ALICE, [SUPPORT], LETTER)

    async with MailServer(users=USERS) as server:
        await asyncio.to_thread(talk, server, "secret")
        with pytest.raises(smtplib.SMTPAuthenticationError):
            await asyncio.to_thread(talk, server, "wrong")
        (kept,) = await server.letters(SUPPORT)
    assert b"dmarc=pass" in kept


@pytest.mark.parametrize(
    ("address", "password", "welcome"),
    [
        ("zoe@new.example", "open sesame", True),
        ("zoe@new.example", "wrong", False),
        ("boss@shop.example", "open sesame", False),
        ("../zoe@new.example", "open sesame", False),
    ],
)
async def test_a_newcomer_gets_a_mailbox_that_lasts(tmp_path, address, password, welcome):
    def write(server) -> None:
        with smtplib.SMTP("127.0.0.1", server.smtp_port) as client:
            client.starttls(context=client_context(server.ca_pem))
            client.login(address, password)
            client.sendmail(address, [SUPPORT, address], LETTER)

    async with MailServer(users=USERS, folder=tmp_path, newcomers="open sesame") as server:
        if not welcome:
            with pytest.raises(smtplib.SMTPAuthenticationError):
                await asyncio.to_thread(write, server)
            return
        await asyncio.to_thread(write, server)
    async with MailServer(users=USERS, folder=tmp_path, newcomers="open sesame") as server:
        assert len(await server.letters(address)) == 1


def test_only_the_login_that_owns_the_one_author_passes():
    assert "dmarc=pass" in judge(LETTER, ALICE, OURS)
    assert "dmarc=fail" in judge(LETTER, SUPPORT, OURS)
    assert "dmarc=fail" in judge(LETTER, "", OURS)
    assert "dmarc=none" in judge(LETTER, SUPPORT, frozenset())
    two = b"From: alice@home.example, bob@home.example\r\n\r\n"
    assert "dmarc=pass" not in judge(two, ALICE, OURS)
    assert "dmarc=pass" not in judge(
        LETTER.replace(b"\r\n\r\n", b"\r\nFrom: b@x.example\r\n\r\n"), ALICE, OURS
    )


def test_results_that_claim_to_be_ours_are_taken_off_and_others_stay():
    forged = b"Authentication-Results: MAIL.shop.example;\r\n dmarc=pass\r\n"
    other = b"Authentication-Results: mx.other.example; dkim=pass\r\n"
    stamped = stamp(forged + other + LETTER, submission(), OURS)
    assert stamped.count(b"dmarc=") == 1 and b"dmarc=fail" in stamped
    assert other in stamped


@given(st.binary())
def test_any_bytes_are_stamped_once_and_their_body_is_untouched(raw):
    stamped = stamp(raw, submission(), OURS)
    assert stamped.startswith(b"Return-Path: <alice@home.example>\r\n")
    body = raw.partition(b"\r\n\r\n")[2] if b"\r\n\r\n" in raw else raw.partition(b"\n\n")[2]
    assert stamped.endswith(body)


def test_papers_are_kept_until_they_run_out(tmp_path):
    papers = papers_in(tmp_path)
    assert papers_in(tmp_path) == papers
    assert papers_in(tmp_path, datetime(2200, 1, 1, tzinfo=UTC)) != papers


def test_it_runs_as_a_process_of_its_own(tmp_path):
    ports = tmp_path / "ports.json"
    command = [
        sys.executable,
        "-m",
        "hub.demo.mailserver",
        "--ports-file",
        str(ports),
        "--user",
        f"{ALICE}:pw",
    ]
    process = subprocess.Popen(command)
    try:
        ends = time.monotonic() + 30
        while not ports.exists() and time.monotonic() < ends:
            assert process.poll() is None
            time.sleep(0.05)
        told = json.loads(ports.read_text())
        with imaplib.IMAP4_SSL(
            "127.0.0.1", told["imap_port"], ssl_context=client_context(told["ca_pem"])
        ) as imap:
            assert imap.login(ALICE, "pw")[0] == "OK"
    finally:
        process.terminate()
        assert process.wait(10) == 0
