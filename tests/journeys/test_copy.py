"""A whole record moves into PostgreSQL, and the hub goes on there: letters open, drafts and people are there, counters go on."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from hub.app.ports import Credential, Draft
from hub.assembly.house import House
from hub.assembly.verbs import handlers
from hub.domain.conversation.events import MessageReceived
from hub.domain.ids import AgentId
from hub.domain.vocabulary import ERASED
from infra.eventlog.postgres.copying import CopyProblem
from infra.lock import HubRunning
from infra.moving import move
from tests.journeys.house import a_house, deliver

ANA = AgentId(uuid4())


def a_letter(name: str) -> bytes:
    head = (
        f"From: {name}@customers.example\nTo: care@shop.example\nSubject: A lamp\nMessage-ID: <{name}@x>\n\n"
    )
    return f"{head}The lamp of {name} arrived broken.\n".encode()


async def lived(folder: Path) -> Any:
    """Two customers, one of them erased; an agent, a draft, a counter. The letter that is left."""
    async with a_house(folder) as house:
        landed, gone = await deliver(house, a_letter("ana"), 1), await deliver(house, a_letter("ben"), 2)
        await handlers(house)["erase"]({"customer": str(gone.customer), "reason": "asked for"})
        await house.tables.credentials.put(
            Credential(agent=ANA, login="ana@shop.example", secret_hash="$argon2id$")
        )
        draft = Draft(agent=ANA, conversation=landed.conversation, body=b"Dear", saved_at=datetime.now(UTC))
        await house.tables.drafts.save(landed.customer, draft)
        await house.tables.counters.next("C-2026")
        return landed


async def letters(house: House) -> list[Any]:
    facts = await house.log.read_all()
    return [
        await house.vault.open(fact.event.raw) for fact in facts if isinstance(fact.event, MessageReceived)
    ]


async def test_the_hub_goes_on_in_the_database_as_if_nothing_had_happened(
    tmp_path: Path, durable_url: str
) -> None:
    landed = await lived(tmp_path)
    vault = tmp_path / "vault"
    done = move(tmp_path / "hub", durable_url, vault)
    async with a_house(tmp_path, data="new", database_url=durable_url, vault=str(vault)) as house:
        assert await house.log.head() == done.log.events
        assert await letters(house) == [a_letter("ana"), ERASED]
        assert (await deliver(house, a_letter("ana"), 1)).ending == "known"
        found = await house.tables.credentials.find("ana@shop.example")
        assert found is not None and found.agent == ANA
        draft = await house.tables.drafts.load(ANA, landed.conversation)
        assert draft is not None and draft.body == b"Dear"
        assert await house.tables.counters.next("C-2026") == 2
        assert (await handlers(house)["doctor"]({}))["ok"]
        assert (await deliver(house, a_letter("carla"), 3)).ending == "recorded"


async def test_the_old_folder_stays_whole_and_letters_may_stay_in_it(
    tmp_path: Path, durable_url: str
) -> None:
    await lived(tmp_path)
    done = move(tmp_path / "hub", durable_url)
    assert (done.vault, done.blobs) == (tmp_path / "hub" / "vault", 0)
    async with a_house(tmp_path) as house:
        assert await letters(house) == [a_letter("ana"), ERASED]


async def test_what_was_cut_short_is_gone_on_with(
    tmp_path: Path, durable_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await lived(tmp_path)
    with monkeypatch.context() as cut:
        cut.setattr("infra.moving._bring_desk", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            move(tmp_path / "hub", durable_url)
    done = move(tmp_path / "hub", durable_url)
    again = move_again_is_refused(tmp_path, durable_url)
    assert done.log.events > 0 and "already, whole" in again


def move_again_is_refused(tmp_path: Path, url: str) -> str:
    with pytest.raises(CopyProblem) as refused:
        move(tmp_path / "hub", url)
    return str(refused.value)


async def test_no_hub_may_run_meanwhile(tmp_path: Path, durable_url: str) -> None:
    async with a_house(tmp_path) as house:
        await deliver(house, a_letter("ana"), 1)
        with pytest.raises(HubRunning):
            move(tmp_path / "hub", durable_url)


def test_a_folder_without_a_record_is_told(tmp_path: Path, durable_url: str) -> None:
    with pytest.raises(CopyProblem, match="holds no record"):
        move(tmp_path, durable_url)
