"""An inbox that begins while a hub runs, by letters put in by hand, is answered from without a restart."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from hub.app.ports import TablesAway
from hub.assembly import hearing
from hub.assembly.clock import now
from hub.assembly.house import House
from hub.assembly.verbs import handlers
from hub.assembly.web import application
from hub.assembly.working import at_work
from hub.domain.ids import AgentId
from tests.journeys.house import a_house
from tests.web.house import Client

LETTER = (
    b"From: Ana <ana@home.example>\r\nTo: b@shop.example\r\nMessage-ID: <1@home.example>\r\n\r\nHello\r\n"
)


async def signed_in(house: House) -> Client:
    """Somebody at the desk of this house, which stands from here on."""
    client = Client(transport=httpx.ASGITransport(application(house)), base_url=house.settings.address)
    person = {"name": "Mia", "email": "mia@shop.example", "role": "rep", "password": "a long password"}
    made = await handlers(house)["add-agent"](person)
    token, session = await house.tables.sessions.start(AgentId(UUID(made["agent"])), now())
    client.cookies.set("amends_session", token)
    client.headers["X-CSRF"] = session.csrf
    return client


async def ingested(house: House) -> Any:
    answer = await handlers(house)["ingest"](
        {"account": "brochures", "letters": [b64encode(LETTER).decode()]}
    )
    return answer["landed"][0]


async def replied(client: Client, landed: Any) -> httpx.Response:
    where = f"/api/v1/conversations/{landed['conversation']}"
    thread = (await client.get(where, params={"at_least": landed["position"]})).json()
    to = thread["recipients"]["reply"]["to"]
    reply = {"mode": "reply", "to": to, "text": "Here.", "seen": thread["seen"], "files": []}
    return await client.post(f"{where}/replies", json=reply)


async def test_a_letter_to_an_inbox_that_began_after_the_desk_can_be_answered(tmp_path: Path) -> None:
    async with a_house(tmp_path) as house, await signed_in(house) as mia:
        answer = await replied(mia, await ingested(house))
        assert answer.status_code == 200, answer.text
        names = [one["name"] for one in (await mia.get("/api/v1/inboxes")).json()["inboxes"]]
        assert names == ["support", "brochures"]


async def test_views_that_are_away_end_no_process(
    tmp_path: Path, durable_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries, remember = list[int](), hearing.remember

    async def away(house: House) -> None:
        tries.append(1)
        if len(tries) == 1:
            raise TablesAway("gone")
        await remember(house)

    monkeypatch.setattr(hearing, "remember", away)
    monkeypatch.setattr("hub.app.enduring.FIRST_REST_S", 0.01)
    async with a_house(tmp_path, database_url=durable_url) as house, at_work(house, roles=()):
        async with asyncio.timeout(20):
            while len(tries) < 2:  # noqa: ASYNC110
                await asyncio.sleep(0.02)


async def test_a_process_learns_of_the_inboxes_that_another_began(tmp_path: Path, durable_url: str) -> None:
    shared = {
        "database_url": durable_url,
        "master_key_file": str(tmp_path / "m.key"),
        "vault": str(tmp_path / "v"),
    }
    async with (
        a_house(tmp_path / "one", **shared) as first,
        a_house(tmp_path / "two", **shared) as second,
        at_work(second, roles=()),
        await signed_in(second) as mia,
    ):
        landed = await ingested(first)
        async with asyncio.timeout(20):
            while second.inbox("brochures") is None:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        assert (await replied(mia, landed)).status_code == 200
