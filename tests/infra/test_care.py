"""The open house is cared for by the same verbs that the command line asks for, while letters keep coming in."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

from hub.assembly.caring import erasing_of
from hub.assembly.house import House, open_house
from hub.assembly.verbs import handlers
from hub.domain.ids import StreamId
from hub.domain.vocabulary import ERASED
from infra.control import call, serve
from infra.erasure import resume
from infra.references import blobs_of
from infra.restore import restore, sending_paused
from infra.settings import Settings, parse_settings
from tests.infra.test_erasure import found_in_files

Ask = Callable[..., Awaitable[Mapping[str, Any]]]

WORDS = ["kanarie-one", "kanarie-two", "金丝雀三号", "ana@customer.example", "Ana Canaria"]


def settings_in(root: Path) -> Settings:
    mailbox = {"name": "support", "address": "support@shop.example"}
    environ = {"AMENDS_MASTER_KEY_FILE": str(root / "home" / "shop.key")}
    return parse_settings({"data": str(root / "data"), "mailbox": [mailbox]}, environ, root)


@asynccontextmanager
async def a_house(root: Path) -> AsyncIterator[tuple[House, Ask]]:
    """Open, and asked over its socket as a command would."""
    settings = settings_in(root)
    async with (
        open_house(settings, tell=lambda note: None, reading=1) as house,
        serve(settings.data, handlers(house)),
    ):

        async def ask(verb: str, **params: Any) -> Mapping[str, Any]:
            answer = await call(settings.data, verb, params, timeout=60)
            assert isinstance(answer, dict)
            return answer

        yield house, ask


def letter(number: int, sender: str = "Ana Canaria <ana@customer.example>") -> str:
    head = f"From: {sender}\nTo: support@shop.example\nSubject: {WORDS[0]} {number}\nMessage-ID: <{number}@customer.example>"
    return b64encode(f"{head}\n\nMy {WORDS[1]} broke: {WORDS[2]}\n".encode()).decode()


async def put_in(ask: Ask, number: int, **more: Any) -> Mapping[str, Any]:
    answer = await ask("ingest", account="support", letters=[letter(number, **more)])
    landed: Mapping[str, Any] = answer["landed"][0]
    return landed


async def test_an_erasure_over_the_socket_leaves_nothing(tmp_path: Path) -> None:
    async with a_house(tmp_path) as (house, ask):
        customer = (await put_in(ask, 1))["customer"]
        assert (await put_in(ask, 2))["customer"] == customer
        await house.runner.reached(await house.log.head(), patience=20)
        assert found_in_files(house.files.data, WORDS)
        done = await ask("erase", customer=customer, reason="asked for")
        assert done["blobs"] == 2
        assert found_in_files(house.files.data, WORDS) == []
        report = await ask("doctor")
        assert {(one["lag"], one["lag_seconds"]) for one in report["projections"]} == {(0, 0.0)}
        assert all(one["heartbeat"] for one in report["projections"])
        assert report["ok"] and report["erased_events"] > 0
        rebuilt = await ask("rebuild", names=["all"])
        assert rebuilt["before"] == rebuilt["after"]
        assert (await put_in(ask, 1))["ending"] != "recorded"
        assert (await put_in(ask, 3))["customer"] != customer


async def test_letters_that_come_in_during_an_erasure_end_on_one_side_of_it(tmp_path: Path) -> None:
    async with a_house(tmp_path) as (house, ask):
        customer = (await put_in(ask, 0))["customer"]
        letters = [asyncio.create_task(put_in(ask, number)) for number in range(1, 21)]
        await asyncio.wait(letters, return_when=asyncio.FIRST_COMPLETED)
        await ask("erase", customer=customer, reason="asked for")
        homes = [(await one)["customer"] for one in letters]
        await house.runner.reached(await house.log.head(), patience=20)
        assert (await ask("doctor"))["ok"]
        facts = await house.log.read_stream(StreamId(UUID(customer)))
        assert facts[-1].name == "customer.erased.v1"
        for fact in facts:
            for blob in blobs_of(fact.event):
                assert await house.vault.open(blob) is ERASED
        later = {home for home in homes if home != customer}
        assert len(later) <= 1


async def test_a_backup_of_the_open_house_is_restored_and_the_erased_stay_erased(tmp_path: Path) -> None:
    source = tmp_path / "backup"
    async with a_house(tmp_path) as (house, ask):
        customer = (await put_in(ask, 1))["customer"]
        await put_in(ask, 2, sender="Bo <bo@other.example>")
        made = await ask("backup", folder=str(source))
        await ask("erase", customer=customer, reason="asked for")
        rotated = await ask("rotate-keys")
        assert "KEEP A COPY" in rotated["note"]
    (tmp_path / "data").rename(tmp_path / "lost")
    settings = settings_in(tmp_path)
    done = restore(source, settings.data, settings.master_key_file, tell=lambda note: None)
    assert done.position == made["position"] and sending_paused(settings.data)
    async with a_house(tmp_path) as (house, ask):
        assert (await ask("status"))["sending_paused"]
        await resume(erasing_of(house))
        assert found_in_files(house.files.data, ["ana@customer.example", "Ana Canaria"]) == []
        assert (await ask("doctor"))["ok"]
        assert (await ask("sweep"))["blobs"] == 0
        assert (await put_in(ask, 2, sender="Bo <bo@other.example>"))["ending"] != "recorded"
