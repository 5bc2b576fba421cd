"""`amends admin create`: the first person, and again for one who is here already."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from hub.app.kinds import AGENT
from hub.assembly.clock import now
from hub.assembly.house import House
from hub.assembly.verbs import by_operator, handlers
from hub.assembly.web import application, desk
from hub.domain.ids import AgentId, StreamId
from hub.domain.staff.decisions import Leave, decide_agent
from hub.web import passwords, sessions
from hub.web.passwords import matches
from hub.web.sockets import Socket
from tests.journeys.house import a_house


async def create(house: House, password: str, role: str | None = None) -> dict[str, Any]:
    params = {"name": "Mia", "email": "mia@shop.example", "role": role, "password": password}
    return dict(await handlers(house)["add-agent"](params))


def agent_in(made: dict[str, Any]) -> AgentId:
    return AgentId(UUID(made["agent"]))


async def facts(house: House, made: dict[str, Any]) -> list[str]:
    return [fact.name for fact in await house.log.read_stream(StreamId(agent_in(made)))]


async def test_a_new_password_ends_every_session_and_socket_of_the_one_before(tmp_path: Path) -> None:
    async with a_house(tmp_path) as house:
        made, at, said = await create(house, "the first one", "rep"), datetime.now(UTC), []
        token, _ = await house.tables.sessions.start(agent_in(made), at)
        socket = Socket(agent=agent_in(made), session="", started=at, used=at, close=said.append)
        desk(house).sockets.open["one"] = socket
        assert (await create(house, "the second one"))["agent"] == made["agent"]
        assert await house.tables.sessions.find(token, at) is None
        assert said == ["signed-out"]
        credential = await house.tables.credentials.find("mia@shop.example")
        assert credential is not None and matches(credential.secret_hash, "the second one")


async def test_the_role_of_somebody_known_changes_only_when_one_is_named(tmp_path: Path) -> None:
    async with a_house(tmp_path) as house:
        made = await create(house, "a long password", "rep")
        assert (await create(house, "a long password"))["role"] == "rep"
        assert await facts(house, made) == ["agent.joined.v1"]
        assert (await create(house, "a long password", "lead"))["role"] == "lead"
        assert (await create(house, "a long password", "lead"))["role"] == "lead"
        assert await facts(house, made) == ["agent.joined.v1", "agent.role_changed.v1"]


async def test_whoever_left_comes_back_in_the_role_they_had(tmp_path: Path) -> None:
    async with a_house(tmp_path) as house:
        made = await create(house, "a long password", "rep")
        await house.transactor.transact(
            AGENT, StreamId(agent_in(made)), lambda agent: decide_agent(Leave(), agent, now()), by_operator()
        )
        assert (await create(house, "another password"))["role"] == "rep"


@pytest.mark.parametrize("changed", [True, False])
async def test_nobody_gets_in_by_a_password_that_is_changed_while_they_sign_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changed: bool
) -> None:
    async with a_house(tmp_path) as house:
        await create(house, "the first one", "rep")
        proven = sessions._proven

        async def slowly(*asked: Any) -> Any:
            person = await proven(*asked)
            if changed:
                await create(house, "the second one")
            return person

        monkeypatch.setattr(sessions, "_proven", slowly)
        address = house.settings.address
        transport = httpx.ASGITransport(application(house))
        async with httpx.AsyncClient(transport=transport, base_url=address) as browser:
            login = {"login": "mia@shop.example", "password": "the first one"}
            answer = await browser.post("/api/v1/session", json=login, headers={"Origin": address})
            seen = await browser.get("/api/v1/session")
        assert (answer.status_code, seen.status_code) == ((401, 401) if changed else (200, 200))


async def test_the_first_person_is_an_admin_unless_told_otherwise(tmp_path: Path) -> None:
    async with a_house(tmp_path) as house:
        assert (await create(house, "a long password"))["role"] == "admin"


async def test_passwords_are_hashed_beside_the_event_loop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    where: list[threading.Thread] = []

    def hashed(password: str) -> str:
        where.append(threading.current_thread())
        return password

    monkeypatch.setattr(passwords, "hashed", hashed)
    async with a_house(tmp_path) as house:
        await create(house, "a long password")
    assert where and threading.main_thread() not in where
