"""Letters are read in processes of their own: a bad one costs itself alone, and the hub goes on answering."""

from __future__ import annotations

import asyncio
import os
import signal

import pytest

from channels.email.reading import read_letter
from channels.email.workers import LetterReaders
from hub.domain.letters import Incoming, Unreadable
from tests.letters.corpus import letters

FAULTY = "tests.channels.email.readers_at_fault:read"


def letter(subject: str) -> bytes:
    return f"From: ann@mail.example\r\nSubject: {subject}\r\nMessage-ID: <1@mail.example>\r\n\r\nHello\r\n".encode()


async def test_a_letter_reads_the_same_in_a_worker_as_here() -> None:
    async with LetterReaders(count=2) as readers:
        raws = [each.raw for each in letters(60, seed=4)]
        found = await asyncio.gather(*(readers.read(raw) for raw in raws))
    assert list(found) == [read_letter(raw) for raw in raws]
    assert [each.written_at.isoformat() for each in found if each.written_at] == [
        each.written_at.isoformat() for raw in raws if (each := read_letter(raw)).written_at
    ]


async def test_settings_reach_the_worker() -> None:
    raw = b"Authentication-Results: mx.shop.example; dmarc=pass header.from=mail.example\r\n" + letter("hi")
    async with LetterReaders(count=1) as readers:
        assert not (await readers.read(raw)).authentication.proven
        assert (await readers.read(raw, trusted_authserv={"mx.shop.example"})).authentication.proven
        assert "in@shop.example" in (await readers.read(raw, account="in@shop.example")).recipients


async def test_a_letter_is_read_in_another_process() -> None:
    async with LetterReaders(count=2, reader=FAULTY) as readers:
        found = await readers.read(letter("whoami"))
        assert int(found.text) in readers.pids
        assert int(found.text) != os.getpid()


async def test_workers_that_need_not_be_warm_start_when_a_letter_finds_none_free() -> None:
    async with LetterReaders(count=2, warm=False, reader=FAULTY) as readers:
        assert readers.pids == ()
        first, second = [await readers.read(letter("whoami")) for _ in range(2)]
        assert first.text == second.text
        assert len(readers.pids) == 1
        await asyncio.gather(*(readers.read(letter("whoami")) for _ in range(2)))
        assert len(readers.pids) == 2


async def test_a_seat_that_can_not_be_filled_holds_up_no_letter_while_another_worker_is_free(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with LetterReaders(count=2, warm=False) as readers:
        await readers.read(letter("one"))
        monkeypatch.setattr("channels.email.workers.sys.executable", "/nowhere/python")
        both = (readers.read(letter("two")), readers.read(letter("three")))
        found = await asyncio.gather(*both, return_exceptions=True)
        assert sorted(isinstance(each, OSError) for each in found) == [False, True]
        for number in range(3):
            await readers.read(letter(str(number)))


async def test_no_worker_is_left_behind() -> None:
    async with LetterReaders(count=2) as readers:
        pids = readers.pids
    assert len(pids) == 2
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


async def test_an_unreadable_letter_is_parked_and_its_worker_stays() -> None:
    async with LetterReaders(count=1) as readers:
        before = readers.pids
        with pytest.raises(Unreadable, match="empty"):
            await readers.read(b"")
        assert isinstance(await readers.read(letter("next")), Incoming)
        assert readers.pids == before


async def test_while_a_worker_stands_still_the_loop_answers_and_only_its_letter_is_parked() -> None:
    async with LetterReaders(count=2, deadline=1.0) as readers:
        stopped = readers.pids[0]
        os.kill(stopped, signal.SIGSTOP)
        ticks = asyncio.ensure_future(heartbeat())
        found = await asyncio.gather(
            *(readers.read(letter(f"s{n}")) for n in range(20)), return_exceptions=True
        )
        ticks.cancel()
        parked = [each for each in found if isinstance(each, Unreadable)]
        assert len(parked) == 1
        assert "longer than 1 s" in str(parked[0])
        assert sum(isinstance(each, Incoming) for each in found) == 19
        assert await pulse(ticks) >= 20
        assert isinstance(await readers.read(letter("later")), Incoming)
        await gone(stopped, readers)


async def gone(pid: int, readers: LetterReaders) -> None:
    async with asyncio.timeout(30):
        while pid in readers.pids:  # noqa: ASYNC110 - only the kernel knows when a process is gone
            await asyncio.sleep(0.01)


async def heartbeat() -> None:
    while True:
        await asyncio.sleep(0.01)
        BEATS.append(1)


BEATS: list[int] = []


async def pulse(ticks: asyncio.Future[None]) -> int:
    await asyncio.wait([ticks])
    return len(BEATS)


@pytest.mark.parametrize(
    ("deed", "why"),
    [
        ("eat memory", "out of memory"),
        ("crash", "ended"),
        ("say nonsense", "no proper answer"),
        ("boast", "longer than"),
        ("call home", "refused"),
        ("open files", "refused"),
    ],
)
async def test_a_bad_letter_costs_itself_alone(deed: str, why: str) -> None:
    async with LetterReaders(count=1, reader=FAULTY) as readers:
        with pytest.raises(Unreadable, match=why):
            await readers.read(letter(deed))
        assert (await readers.read(letter("next"))).subject == "next"


async def test_a_letter_that_eats_cpu_is_ended_by_its_limit() -> None:
    async with LetterReaders(count=1, cpu_seconds=1, deadline=50, reader=FAULTY) as readers:
        with pytest.raises(Unreadable, match="CPU"):
            await readers.read(letter("eat cpu"))
        assert (await readers.read(letter("next"))).subject == "next"


async def test_each_letter_has_its_own_seconds() -> None:
    async with LetterReaders(count=1, cpu_seconds=1, reader=FAULTY) as readers:
        pid = readers.pids
        for number in range(300):
            await readers.read(letter(f"n{number}"))
        assert readers.pids == pid


async def test_a_worker_knows_no_settings_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AMENDS_MASTER_KEY", "secret")
    async with LetterReaders(count=1, reader=FAULTY) as readers:
        found = await readers.read(letter("environment"))
    assert "AMENDS" not in found.text


async def test_workers_are_renewed_after_so_many_letters() -> None:
    async with LetterReaders(count=1, recycle=3, reader=FAULTY) as readers:
        pids = [(await readers.read(letter("whoami"))).text for _ in range(7)]
    assert [pids.count(pid) for pid in dict.fromkeys(pids)] == [3, 3, 1]


async def test_a_reader_given_up_midway_does_not_answer_the_next_letter() -> None:
    async with LetterReaders(count=1, reader=FAULTY) as readers:
        reading = asyncio.ensure_future(readers.read(letter("eat cpu")))
        async with asyncio.timeout(30):
            while not readers.busy:  # noqa: ASYNC110 - a figure for the metrics, not an event
                await asyncio.sleep(0.01)
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        assert (await readers.read(letter("next"))).subject == "next"


async def test_a_worker_that_cannot_start_blames_no_letter() -> None:
    with pytest.raises(OSError, match="does not start"):
        async with LetterReaders(count=1, reader="tests.nowhere:read"):
            pass


async def test_html_that_costs_too_much_to_make_harmless_costs_its_worker_alone() -> None:
    head = b"From: ann@customer.example\r\nSubject: x\r\nContent-Type: text/html\r\n\r\n"
    deep, flat = head + b"<div>\r\n" * 60_000, head + b"<p onclick=x>Hi</p>"
    async with LetterReaders(
        count=1, cpu_seconds=1, deadline=50, cleaner="hub.web.safe_html:cleaned"
    ) as readers:
        with pytest.raises(Unreadable, match="CPU"):
            await readers.read(deep, harmless=True)
        assert "<div>" in (await readers.read(deep)).html
        assert (await readers.read(flat, harmless=True)).html.strip() == "<p>Hi</p>"
