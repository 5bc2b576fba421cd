"""The demo's customers write real letters, in the same order and pace, and answer what they get."""

import asyncio
from datetime import UTC, datetime

import pytest

from hub.demo import customers
from hub.demo.customers import live, moments
from hub.demo.mailserver import MailServer
from hub.demo.office import Office, mailbox, post, readable
from hub.demo.people import ALICE, BEN, DOMAIN, EVERYONE, ORDERS, SUPPORT
from hub.demo.story import ANSWERS, SCENES
from hub.domain.letters import HandedOver


@pytest.fixture
async def server():
    async with MailServer(users=EVERYONE, domain=DOMAIN) as running:
        yield running


async def play(server, until, progress=None) -> list[str]:
    told: list[str] = []
    task = asyncio.create_task(live(Office.of(server), seconds=0.1, progress=progress, tell=told.append))
    async with asyncio.timeout(30):
        while not await until():  # noqa: ASYNC110 - a mailbox rings no bell here
            await asyncio.sleep(0.02)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return told


async def test_everybody_writes_once_however_often_the_demo_starts(server, tmp_path):
    progress = tmp_path / "customers.json"

    async def written() -> bool:
        return progress.exists() and len(customers._Written(progress).names) >= len(SCENES)

    assert len(await play(server, written, progress)) == len(SCENES)
    assert await play(server, written, progress) == []
    kept = await server.letters(SUPPORT.address) + await server.letters(ORDERS.address)
    assert len(kept) == len(SCENES)


async def test_the_letters_are_of_every_kind(server, tmp_path):
    progress = tmp_path / "customers.json"

    async def written() -> bool:
        return progress.exists() and len(customers._Written(progress).names) >= len(SCENES)

    await play(server, written, progress)
    kept = b"\n".join(await server.letters(SUPPORT.address) + await server.letters(ORDERS.address))
    for sign in (b"List-Id", b"text/html", b"gb18030", b"image/png", b"dmarc=fail", b"dmarc=pass"):
        assert sign in kept


async def test_alice_answers_the_acknowledgement_in_its_thread(server, monkeypatch):
    monkeypatch.setattr(customers, "LOOK_EVERY", 0.02)
    automatic = (
        f"From: Lantern <{SUPPORT.address}>\r\nTo: {ALICE.address}\r\nReply-To: support+t@{DOMAIN}\r\n"
        "Subject: We have your letter\r\nMessage-ID: <ack@lantern.example>\r\nAuto-Submitted: auto-replied\r\n\r\nThanks.\r\n"
    )
    await server.deliver(automatic.encode(), SUPPORT.address, ALICE.address)

    async def answered() -> bool:
        return any(
            b"In-Reply-To: <ack@lantern.example>" in raw for raw in await server.letters(SUPPORT.address)
        )

    await play(server, answered)
    (answer,) = [raw for raw in await server.letters(SUPPORT.address) if b"<ack@lantern.example>" in raw]
    assert f"Delivered-To: support+t@{DOMAIN}".encode() in answer and b"> Thanks." in answer


async def test_a_letter_written_by_hand_is_read_back_from_the_mailbox(server):
    office = Office.of(server)
    sent = await customers.write(office, ALICE.address, "Hello 你好", "A question.", to=BEN.address)
    assert isinstance(sent, HandedOver)
    (letter,) = await mailbox(office, BEN.address)
    assert "Subject: Hello 你好" in readable([letter]) and "A question." in readable([letter])
    await customers.write(office, BEN.address, "Re: Hello 你好", "An answer.", to=ALICE.address)
    (answer,) = await mailbox(office, ALICE.address)
    assert answer["In-Reply-To"] == letter["Message-ID"]


async def test_where_the_server_listens_can_be_told_to_another_process(server, tmp_path):
    Office.of(server).note(tmp_path / "office.json")
    assert Office.told_in(tmp_path / "office.json") == Office.of(server)


def test_the_pace_is_the_same_every_time_and_fits_the_evening():
    assert moments(10, 180, 7) == moments(10, 180, 7) != moments(10, 180, 8)
    assert moments(10, 180, 7) == sorted(moments(10, 180, 7)) and moments(10, 180, 7)[-1] == pytest.approx(
        180
    )


def test_every_letter_has_a_name_of_its_own():
    names = [each.name for each in (*SCENES, *ANSWERS)]
    assert len(set(names)) == len(names)
    composed = [customers.compose(scene, datetime.now(UTC)) for scene in SCENES]
    assert len({letter["Message-ID"] for letter in composed}) == len(SCENES)


async def test_whoever_reads_a_mailbox_can_be_stopped_at_any_moment(server):
    """Also while it hangs up, and while an answer is just coming in: a cancellation that got lost would run for ever."""
    office = Office.of(server)
    for turns in range(0, 400, 7):
        reading = asyncio.create_task(mailbox(office, ALICE.address))
        for _ in range(turns):
            await asyncio.sleep(0)
        reading.cancel()
        (ended,) = await asyncio.gather(reading, return_exceptions=True)
        assert isinstance(ended, asyncio.CancelledError) or reading.result() == []


async def test_whoever_hands_in_a_letter_can_be_stopped_at_any_moment(server):
    """Also while an answer is just coming in: a demo, or a hub, whose cancellation got lost would never stop."""
    office = Office.of(server)

    async def write_and_stay() -> None:
        await post(office, ALICE, customers.compose(SCENES[0], datetime.now(UTC)))
        await asyncio.Event().wait()

    for turns in range(0, 80, 2):
        writing = asyncio.create_task(write_and_stay())
        for _ in range(turns):
            await asyncio.sleep(0)
        writing.cancel()
        assert await asyncio.wait([writing], timeout=20) == ({writing}, set()), f"lost after {turns} turns"
