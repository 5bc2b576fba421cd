"""Each fence taken away once: the attack then works, so the tests that say it does not are worth something."""

import asyncio
from typing import Any

import pytest

from hub.domain.ids import StreamId
from hub.web import guard, live, once, performing, safe_html, sessions
from tests.web.house import House
from tests.web.line import dial
from tests.web.test_safe_html import sanitised


async def notes(home: House, customer: Any) -> int:
    facts = await home.desk.log.read_stream(StreamId(customer))
    return [fact.name for fact in facts].count("note.added.v1")


async def test_without_the_csrf_check_a_forged_change_goes_through(
    home: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    landed = await home.letter()
    rep = await home.as_("rep")
    del rep.headers["X-CSRF"]
    url = f"/api/v1/conversations/{landed.conversation}/resolve"
    assert (await rep.post(url, json={})).status_code == 403
    monkeypatch.setattr(guard, "_same", lambda given, kept: True)
    assert (await rep.post(url, json={})).status_code == 200


async def test_without_the_origin_check_a_foreign_page_listens(
    home: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    rep = await home.as_("rep")
    assert await dial(home, rep, origin="https://evil.example").until_closed() == 1008
    monkeypatch.setattr(live, "is_own_origin", lambda *_, **__: True)
    line = dial(home, rep, origin="https://evil.example")
    assert (await line.hear())["type"] == "hello"
    await line.hang_up()


async def test_without_turns_and_once_keys_a_repeated_command_happens_twice(
    home: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    landed = await home.letter()
    rep = await home.as_("rep")
    url, key = f"/api/v1/conversations/{landed.conversation}/notes", {"Idempotency-Key": "k"}

    async def nothing(*_: object) -> None:
        return None

    monkeypatch.setattr(once, "_kept", nothing)
    monkeypatch.setattr(performing, "once", lambda call: ())
    await asyncio.gather(*(rep.post(url, json={"text": "twice"}, headers=key) for _ in range(2)))
    assert await notes(home, landed.customer) == 2


async def test_without_rights_a_role_orders_what_it_may_not(
    home: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The route's policy and the table of rights are two fences; here the first is away and the second still stands."""
    landed = await home.letter()
    auditor = await home.as_("auditor")
    everybody = type("Everybody", (), {"__contains__": lambda self, role: True})()
    monkeypatch.setattr(guard.Allowed, "roles", everybody)
    url = f"/api/v1/conversations/{landed.conversation}/resolve"
    assert (await auditor.post(url, json={})).status_code == 403
    monkeypatch.setattr(performing, "may", lambda role, command: True)
    assert (await auditor.post(url, json={})).status_code == 200


async def test_without_the_limit_passwords_are_guessed_for_ever(
    home: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def no_limit(*_: object) -> None:
        return None

    monkeypatch.setattr(sessions, "_insist_on_limits", no_limit)
    monkeypatch.setattr(sessions, "matches", lambda secret, password: False)
    tries = [(await home.browser().sign_in("rep@shop.example", "wrong")).status_code for _ in range(25)]
    assert set(tries) == {401}


def test_without_the_style_filter_a_letter_loads_what_it_likes(monkeypatch: pytest.MonkeyPatch) -> None:
    hostile = '<p style="background:url(https://track.example/x)">x</p>'
    assert "track" not in sanitised(hostile, images=False, inline=lambda _: None).html
    monkeypatch.setattr(safe_html, "safe_style", lambda style: style)
    assert "track" in sanitised(hostile, images=False, inline=lambda _: None).html
