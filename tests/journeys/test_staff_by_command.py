"""`amends admin create`: the first person, and again for one who is here already."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from hub.assembly.house import House
from hub.assembly.verbs import handlers
from hub.assembly.web import desk
from hub.domain.ids import AgentId, StreamId
from hub.web import passwords
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
        made, now, said = await create(house, "the first one", "rep"), datetime.now(UTC), []
        token, _ = await house.tables.sessions.start(agent_in(made), now)
        socket = Socket(agent=agent_in(made), session="", started=now, used=now, close=said.append)
        desk(house).sockets.open["one"] = socket
        assert (await create(house, "the second one"))["agent"] == made["agent"]
        assert await house.tables.sessions.find(token, now) is None
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
