"""Files that go to more than one customer, while one of them is being erased."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import httpx
import pytest

from hub.assembly.verbs import handlers
from tests.journeys.house import a_house, deliver
from tests.journeys.test_inboxes import signed_in


def letter(who: str) -> bytes:
    return (
        f"From: {who} <{who}@home.example>\r\nTo: care@shop.example\r\nMessage-ID: <{who}@home.example>\r\n"
        "Subject: A question\r\n\r\nHello\r\n"
    ).encode()


async def send(mia: httpx.AsyncClient, landed: Any, upload: str) -> httpx.Response:
    where = f"/api/v1/conversations/{landed.conversation}"
    thread = (await mia.get(where, params={"at_least": landed.position})).json()
    reply = {
        "mode": "reply",
        "to": thread["recipients"]["reply"]["to"],
        "text": "Here.",
        "seen": thread["seen"],
    }
    return await mia.post(f"{where}/replies", json={**reply, "files": [upload]})


async def test_an_upload_is_not_lost_for_one_customer_while_the_erasure_of_another_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with a_house(tmp_path) as house, await signed_in(house) as mia:
        ana, bob = [await deliver(house, letter(who), at) for at, who in enumerate(("ana", "bob"), 1)]
        note = {"file": ("a.txt", b"attached", "text/plain")}
        upload = (await mia.post("/api/v1/uploads", files=note)).json()["id"]
        assert (await send(mia, ana, upload)).status_code == 200
        on_record, go_on, destroy = asyncio.Event(), asyncio.Event(), type(house.vault).destroy

        async def held(self: Any, blobs: Iterable[Any]) -> Any:
            on_record.set()
            await go_on.wait()
            return await destroy(self, blobs)

        monkeypatch.setattr(type(house.vault), "destroy", held)
        asked = {"customer": str(ana.customer), "reason": "asked", "by": "me"}
        erasing = asyncio.create_task(handlers(house)["erase"](asked))  # type: ignore[arg-type]
        await on_record.wait()
        sent = (await send(mia, bob, upload)).json()
        go_on.set()
        await erasing
        file = f"/api/v1/messages/{sent['id']}/files/0"
        assert (await mia.get(file, params={"at_least": sent["position"]})).content == b"attached"
