"""Handing over: whatever the other server does, the answer to "has it the letter?" is right."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.email.wire.dialogue import dotted
from channels.email.wire.smtp import SmtpLine, SmtpSettings, send
from hub.domain.letters import Deferred, HandedOver, Refused, Uncertain
from tests.faults.smtp_peers import DROP, SILENCE, smtp_peer

LETTER = b"From: a@shop.example\r\nSubject: x\r\n\r\nhello\r\n"
ME, ALICE, BEN = "support@shop.example", "alice@home.example", "ben@home.example"


def to(peer, **more) -> SmtpSettings:
    return SmtpSettings(
        host="127.0.0.1",
        port=peer.port,
        **{"security": "plain", "timeout": 5, "answer_seconds": 5, **more},
    )


async def test_a_letter_taken_is_handed_over_with_the_server_s_words():
    async with smtp_peer() as peer:
        assert await send(LETTER, ME, [ALICE], to(peer)) == HandedOver(receipt="250 kept as 42")
        assert peer.letters == [LETTER + b".\r\n"]


async def test_the_null_return_path_is_empty_brackets():
    async with smtp_peer() as peer:
        await send(LETTER, "", [ALICE], to(peer))
        assert any(line.startswith("MAIL FROM:<>") for line in peer.said)


@pytest.mark.parametrize("verb", ["MAIL", "RCPT", "DATA", "dot"])
@pytest.mark.parametrize("no", ["421 closing", "450 busy", "451 later", "452 full"])
async def test_a_temporary_no_defers(verb, no):
    async with smtp_peer(**{verb: no}) as peer:
        assert isinstance(await send(LETTER, ME, [ALICE], to(peer)), Deferred)


@pytest.mark.parametrize("verb", ["MAIL", "RCPT", "DATA", "dot"])
async def test_a_final_no_refuses(verb):
    async with smtp_peer(**{verb: "550 5.1.1 never"}) as peer:
        refused = await send(LETTER, ME, [ALICE], to(peer))
        assert isinstance(refused, Refused) and "550 5.1.1 never" in refused.why


@pytest.mark.parametrize("no", ["554 no service", "421 too busy", DROP, SILENCE])
async def test_a_server_that_will_not_talk_says_nothing_about_the_letter(no):
    async with smtp_peer(greeting=no) as peer:
        assert isinstance(await send(LETTER, ME, [ALICE], to(peer, timeout=0.5)), Deferred)


async def test_nobody_there_defers():
    async with smtp_peer() as peer:
        pass
    assert isinstance(await send(LETTER, ME, [ALICE], to(peer)), Deferred)


async def test_a_line_that_breaks_before_the_letter_defers():
    for verb in ("EHLO", "MAIL", "RCPT", "DATA"):
        async with smtp_peer(**{verb: DROP, "HELO": DROP}) as peer:
            assert isinstance(await send(LETTER, ME, [ALICE], to(peer)), Deferred), verb


async def test_a_line_that_breaks_in_the_middle_of_a_long_letter_defers():
    async with smtp_peer(cut_after=100_000) as peer:
        long = LETTER + b"x" * 70 * 200_000
        assert isinstance(await send(long, ME, [ALICE], to(peer)), Deferred)


async def test_a_line_that_breaks_after_the_dot_is_uncertain():
    async with smtp_peer(dot=DROP) as peer:
        assert isinstance(await send(LETTER, ME, [ALICE], to(peer)), Uncertain)
        assert peer.letters, "the peer had it all"


@pytest.mark.parametrize("answer", [SILENCE, "nonsense", "199 hm", "354 more"])
async def test_no_meaningful_answer_after_the_dot_is_uncertain(answer):
    async with smtp_peer(dot=answer) as peer:
        assert isinstance(await send(LETTER, ME, [ALICE], to(peer, answer_seconds=0.5)), Uncertain)


async def test_one_refused_recipient_does_not_stop_the_others():
    async with smtp_peer(RCPT=["250 ok", "550 no such user"]) as peer:
        handed = await send(LETTER, ME, [ALICE, BEN], to(peer))
        assert handed == HandedOver(receipt="250 kept as 42", refused=((BEN, "550 no such user"),))


async def test_all_refused_but_one_only_for_now_defers():
    async with smtp_peer(RCPT=["450 greylisted", "550 no such user"]) as peer:
        assert isinstance(await send(LETTER, ME, [ALICE, BEN], to(peer)), Deferred)
        assert not peer.letters


async def test_the_connection_is_used_again():
    async with smtp_peer() as peer:
        line = SmtpLine(to(peer))
        results = [await line.send(LETTER, ME, [ALICE]) for _ in range(3)]
        await line.close()
        assert all(isinstance(result, HandedOver) for result in results)
        assert peer.connections == 1


@pytest.mark.parametrize("gone", [DROP, "421 you were idle for too long"])
async def test_a_connection_lost_between_letters_is_made_again(gone):
    async with smtp_peer(MAIL=["250 ok", gone]) as peer:
        line = SmtpLine(to(peer))
        assert isinstance(await line.send(LETTER, ME, [ALICE]), HandedOver)
        assert isinstance(await line.send(LETTER, ME, [ALICE]), HandedOver)
        await line.close()
        assert peer.connections == 2


async def test_after_a_refusal_the_next_letter_goes_all_the_same():
    async with smtp_peer(RCPT=["550 no"]) as peer:
        line = SmtpLine(to(peer))
        assert isinstance(await line.send(LETTER, ME, [ALICE]), Refused)
        assert isinstance(await line.send(LETTER, ME, [BEN]), HandedOver)
        await line.close()


async def test_letters_of_one_account_never_mix_on_the_line():
    async with smtp_peer() as peer:
        line = SmtpLine(to(peer))
        bodies = [LETTER + str(n).encode() * 1_000 + b"\r\n" for n in range(8)]
        await asyncio.gather(*(line.send(body, ME, [ALICE]) for body in bodies))
        await line.close()
        assert sorted(peer.letters) == sorted(body + b".\r\n" for body in bodies)


async def test_a_server_without_starttls_never_gets_the_letter_in_the_clear():
    async with smtp_peer() as peer:
        assert isinstance(await send(LETTER, ME, [ALICE], to(peer, security="starttls")), Deferred)
        assert not peer.letters and not any(line.startswith("MAIL") for line in peer.said)


async def test_an_address_beyond_ascii_needs_a_server_that_takes_it():
    async with smtp_peer() as peer:
        assert isinstance(await send(LETTER, ME, ["李娜@youjian.example"], to(peer)), Refused)
    async with smtp_peer(EHLO="250-peer\n250 SMTPUTF8") as peer:
        assert isinstance(await send(LETTER, ME, ["李娜@youjian.example"], to(peer)), HandedOver)
        assert any(line.endswith("SMTPUTF8") for line in peer.said)


async def test_an_address_can_not_carry_a_command():
    async with smtp_peer() as peer:
        await send(LETTER, ME, [f"{ALICE}>\r\nRCPT TO:<{BEN}"], to(peer))
        assert not any(BEN in line for line in peer.said)


async def test_a_letter_without_recipients_is_refused_without_a_call():
    async with smtp_peer() as peer:
        assert isinstance(await send(LETTER, ME, [], to(peer)), Refused)
        assert peer.connections == 0


@given(st.binary())
def test_no_letter_ends_early_and_every_line_comes_back(letter):
    sent = dotted(letter)
    assert sent.endswith(b"\r\n")
    assert b"\r\n.\r\n" not in b"\r\n" + sent
    assert b"\n" not in sent.replace(b"\r\n", b"") and b"\r" not in sent.replace(b"\r\n", b"")
    back = b"\r\n".join(line[1:] if line.startswith(b".") else line for line in sent.split(b"\r\n"))
    plain = letter.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    assert back.replace(b"\r\n", b"\n") == (plain if plain.endswith(b"\n") else plain + b"\n")
