"""The live feed: changes as the views show them, presence, and goodbye."""

import asyncio
from collections.abc import Set
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from hub.domain.ids import AgentId
from hub.web import live
from hub.web.live_news import MOST, News
from hub.web.live_questions import Missed
from hub.web.presence import Presence, Seat
from hub.web.sockets import Socket, Sockets
from infra.desktables.memory import MemorySessions
from tests.web.house import PASSWORD, House
from tests.web.line import dial

NOWHERE = "00000000-0000-0000-0000-00000000dead"


async def test_a_new_letter_is_announced_when_the_views_show_it(home: House) -> None:
    rep = await home.as_("rep")
    line = dial(home, rep)
    hello = await line.hear("hello")
    assert hello["me"] == rep.me["id"]
    await line.hear("changed")
    landed = await home.letter()
    changed = await line.hear("changed")
    assert changed["conversations"] == [str(landed.conversation)]
    assert str(landed.customer) in changed["customers"]
    assert changed["counters"]["open"] == 1
    assert changed["position"] >= landed.position
    rows = (await rep.get("/api/v1/inbox/open")).json()["rows"]
    assert rows[0]["conversation"] == str(landed.conversation)
    await line.hang_up()


async def test_who_comes_back_hears_what_was_missed(home: House) -> None:
    rep = await home.as_("rep")
    before = await home.desk.log.head()
    landed = await home.letter()
    line = dial(home, rep, after=before)
    assert (await line.hear("changed"))["conversations"] == [str(landed.conversation)]
    await line.hang_up()


async def test_who_comes_back_from_another_time_reloads(home: House) -> None:
    line = dial(home, await home.as_("rep"), after=10**9)
    await line.hear("hello")
    assert (await line.hear())["type"] == "reload"
    await line.hang_up()


@pytest.mark.parametrize(
    "asked",
    [
        {"origin": None},
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"host": "evil.example"},
        {"after": "x"},
    ],
    ids=str,
)
async def test_a_socket_from_elsewhere_is_not_let_in(home: House, asked: dict[str, Any]) -> None:
    line = dial(home, await home.as_("rep"), **asked)
    assert await line.until_closed() == 1008
    assert not line.accepted


async def test_nobody_listens_without_signing_in(home: House) -> None:
    line = dial(home, home.browser())
    assert await line.until_closed() == 1008
    assert not line.accepted


async def test_colleagues_see_each_other(home: House) -> None:
    landed = await home.letter()
    where = str(landed.conversation)
    rep, lead = dial(home, await home.as_("rep")), dial(home, await home.as_("lead"))
    await rep.hear("hello"), await lead.hear("hello")
    rep.say({"type": "presence", "conversation": where, "doing": "viewing"})
    seen = await lead.hear("presence")
    assert seen == {
        "type": "presence",
        "conversation": where,
        "people": [{"id": str(home.people["rep"]), "name": "Rep", "doing": "viewing"}],
    }
    rep.say({"type": "presence", "conversation": where, "doing": "writing"})
    assert (await lead.hear("presence"))["people"][0]["doing"] == "writing"
    await rep.hang_up()
    assert (await lead.hear("presence"))["people"] == []
    await lead.hang_up()


@pytest.mark.parametrize(
    "message",
    [
        "{",
        "[]",
        '"ping"',
        {"type": "shout"},
        {"type": "ping", "extra": 1},
        {"type": "presence", "conversation": "'; drop table", "doing": "viewing"},
        {"type": "presence", "conversation": NOWHERE, "doing": "owning"},
        {"type": "presence", "conversation": NOWHERE, "doing": "viewing", "name": "Boss"},
        "x" * 5000,
    ],
    ids=lambda message: str(message)[:40],
)
async def test_a_message_that_is_none_of_ours_ends_the_socket(home: House, message: object) -> None:
    line = dial(home, await home.as_("rep"))
    await line.hear("hello")
    line.say(message)
    assert await line.until_closed() == 1008


async def test_a_ping_is_fine(home: House) -> None:
    line = dial(home, await home.as_("auditor"))
    await line.hear("hello")
    line.say({"type": "ping"})
    landed = await home.letter()
    while str(landed.conversation) not in (await line.hear("changed"))["conversations"]:
        pass
    await line.hang_up()


async def test_signing_out_says_bye_to_that_browser_alone(home: House) -> None:
    here, elsewhere = await home.as_("rep"), await home.as_("rep")
    one, other = dial(home, here), dial(home, elsewhere)
    await one.hear("hello"), await other.hear("hello")
    await here.delete("/api/v1/session")
    assert await one.hear("bye") == {"type": "bye", "why": "signed-out"}
    landed = await home.letter()
    while str(landed.conversation) not in (await other.hear("changed"))["conversations"]:
        pass
    await other.hang_up()


async def test_a_new_password_and_leaving_say_bye_everywhere(home: House) -> None:
    rep, admin = await home.as_("rep"), await home.as_("admin")
    line = dial(home, await home.as_("rep"))
    await line.hear("hello")
    await rep.post("/api/v1/session/password", json={"old": PASSWORD, "new": "another good one"})
    assert (await line.hear("bye"))["why"] == "signed-out"
    lead = dial(home, await home.as_("lead"))
    await lead.hear("hello")
    await admin.delete(f"/api/v1/agents/{home.people['lead']}")
    assert (await lead.hear("bye"))["why"] == "signed-out"


async def test_a_session_that_is_over_says_bye(home: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "SWEEP", 0.02)
    line = dial(home, await home.as_("rep"))
    await line.hear("hello")
    home.clock.ahead = timedelta(minutes=31)
    assert (await line.hear("bye"))["why"] == "signed-out"


async def test_a_session_that_another_process_ended_says_bye(
    home: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "SWEEP", 0.02)
    line, other = dial(home, await home.as_("rep")), dial(home, await home.as_("lead"))
    await line.hear("hello"), await other.hear("hello")
    await home.desk.sessions.end_all(home.people["rep"])  # in the tables alone, as it looks from here
    assert (await line.hear("bye"))["why"] == "signed-out"
    await line.task
    assert [socket.agent for socket in home.desk.sockets.open.values()] == [home.people["lead"]]
    await other.hang_up()


async def test_one_look_at_the_sessions_does_for_all_sockets() -> None:
    looks, told, now = [], [], datetime(2026, 1, 1, tzinfo=UTC)

    class Ended(MemorySessions):
        async def standing(self) -> Set[str]:
            looks.append(1)
            return await super().standing()

    sockets = Sockets()
    for number in range(30):
        sockets.open[str(number)] = Socket(
            agent=AgentId(uuid4()), session=f"{number}", started=now, used=now, close=told.append
        )
    await asyncio.gather(*(sockets.end_ended(Ended(), 600) for _ in range(30)))
    assert (len(looks), told) == (1, ["signed-out"] * 30)


async def test_nothing_is_left_of_a_closed_socket(home: House) -> None:
    line = dial(home, await home.as_("rep"))
    await line.hear("hello")
    line.say({"type": "presence", "conversation": NOWHERE, "doing": "writing"})
    await line.hear("presence")
    await line.hang_up()
    assert not home.desk.sockets.open
    assert not home.desk.presence.seats
    assert not home.desk.presence.listeners


async def test_what_a_slow_socket_did_not_hear_melts_together_and_then_becomes_a_reload() -> None:
    news = News()
    ids = [uuid4() for _ in range(MOST + 1)]
    news.note(Missed(position=1, conversations=frozenset(ids[:2])))
    news.note(Missed(position=3, conversations=frozenset(ids[1:3]), kinds=frozenset({"letter.parked.v1"})))
    said = await news.next()
    assert said.changed == {
        "position": 3,
        "conversations": sorted(map(str, ids[:3])),
        "customers": [],
        "parked": True,
        "erased": False,
    }
    for position, one in enumerate(ids):
        news.note(Missed(position=position + 4, conversations=frozenset({one})))
    assert len(news.conversations) <= MOST
    assert (await news.next()).reload == MOST + 4
    assert not news.ready.is_set()


def test_a_seat_without_a_sign_of_life_is_free_again() -> None:
    told: list[str] = []
    presence = Presence()
    presence.listeners["x"] = told.append
    clock = datetime(2026, 1, 1, tzinfo=UTC)
    seat = Seat(agent="a", name="A", conversation="c", doing="viewing", until=clock + timedelta(seconds=30))
    presence.take("s", seat)
    presence.sweep(clock + timedelta(seconds=29))
    assert presence.people("c")
    presence.stay("s", clock + timedelta(seconds=29))
    presence.sweep(clock + timedelta(seconds=58))
    assert presence.people("c")
    presence.sweep(clock + timedelta(seconds=60))
    assert presence.people("c") == []
    assert told == ["c", "c"]


async def test_many_sockets_at_once_all_hear(home: House) -> None:
    rep = await home.as_("rep")
    lines = [dial(home, rep) for _ in range(30)]
    await asyncio.gather(*(line.hear("hello") for line in lines))
    landed = await home.letter()

    async def heard(line: Any) -> None:
        while str(landed.conversation) not in (await line.hear("changed"))["conversations"]:
            pass

    await asyncio.gather(*map(heard, lines))
    await asyncio.gather(*(line.hang_up() for line in lines))
