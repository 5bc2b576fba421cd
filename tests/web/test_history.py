"""The auditor's view: any moment, every fact, and the looking itself on record."""

import asyncio
from typing import Any

import pytest

from hub.app.ports import Answer, LogPaused, Request
from hub.domain.conversation.events import MessageReceived
from hub.domain.ids import StreamId
from hub.web.told_more import Fact, HistoryAnswer
from projections import inbox
from tests.web.house import Client, House
from tests.web.shapes import no, told


async def history(client: Client, customer: object, **asked: Any) -> dict[str, Any]:
    return told(await client.get(f"/api/v1/customers/{customer}/history", params=asked), HistoryAnswer)


async def viewed(home: House, customer: Any) -> list[Any]:
    facts = await home.desk.log.read_stream(StreamId(customer))
    return [fact for fact in facts if fact.name == "record.viewed.v1"]


async def test_every_fact_is_readable_with_actor_cause_and_both_parts(home: House) -> None:
    landed = await home.letter(text="Where is it?")
    shown = await history(await home.as_("auditor"), landed.customer)
    letter = next(fact for fact in shown["facts"] if fact["name"] == "message.received.v1")
    assert letter["sealed"]["new_text"].strip() == "Where is it?"
    assert letter["raw"] == letter["open"]["raw"]
    assert letter["actor"]["kind"] == "customer"
    assert shown["first"]["position"] == shown["facts"][0]["position"]


async def test_looking_is_on_record_once_per_opening(home: House) -> None:
    landed = await home.letter()
    auditor = await home.as_("auditor")
    await history(auditor, landed.customer)
    await history(auditor, landed.customer, as_of="1")
    (fact,) = await viewed(home, landed.customer)
    assert fact.envelope.actor.id == str(home.people["auditor"])
    await history(await home.as_("admin"), landed.customer)
    assert len(await viewed(home, landed.customer)) == 2


async def test_nobody_reads_before_the_looking_is_on_record(
    home: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    landed, auditor = await home.letter(), await home.as_("auditor")
    append = home.desk.log.append

    async def slow(request: Request) -> Answer:
        await asyncio.sleep(0.5)  # everybody else has long had a turn
        return await append(request)

    monkeypatch.setattr(home.desk.log, "append", slow)
    together = await asyncio.gather(*(history(auditor, landed.customer) for _ in range(3)))
    for shown in together:
        assert [fact["name"] for fact in shown["facts"]].count("record.viewed.v1") == 1


async def test_a_looking_that_could_not_be_recorded_shows_nothing_and_is_recorded_by_the_next(
    home: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    landed, auditor = await home.letter(), await home.as_("auditor")
    with monkeypatch.context() as broken:

        async def full(request: Request) -> Answer:
            raise LogPaused("the disk is full")

        broken.setattr(home.desk.log, "append", full)
        refused = await auditor.get(f"/api/v1/customers/{landed.customer}/history")
        assert refused.status_code == 503
    await history(auditor, landed.customer)
    assert len(await viewed(home, landed.customer)) == 1


async def test_the_past_is_told_as_it_was(home: House) -> None:
    landed = await home.letter()
    rep, auditor = await home.as_("rep"), await home.as_("auditor")
    done = (await rep.post(f"/api/v1/conversations/{landed.conversation}/resolve", json={})).json()
    after = await history(auditor, landed.customer, as_of=done["position"])
    before = await history(auditor, landed.customer, as_of=done["position"] - 1)
    assert after["state"]["conversations"][0]["status"] == "resolved"
    assert before["state"]["conversations"][0]["status"] == "open"
    assert before["as_of"]["position"] == done["position"] - 1
    assert len(after["facts"]) == len(before["facts"]) + 1
    moment = after["facts"][-2]["recorded_at"]
    by_time = await history(auditor, landed.customer, as_of=moment)
    assert by_time["facts"][-1]["recorded_at"] <= moment


async def test_before_the_first_fact_there_is_nothing(home: House) -> None:
    landed = await home.letter()
    shown = await history(await home.as_("auditor"), landed.customer, as_of=1)
    assert (shown["facts"], shown["state"]["customer"]) == ([], None)


async def test_an_event_that_a_page_trips_over_is_named_and_the_rest_is_told(
    home: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    landed = await home.letter(subject="The lamp")
    monkeypatch.setitem(inbox.projection.project.handlers, MessageReceived, trips)
    shown = await history(await home.as_("auditor"), landed.customer)
    (lacking,) = shown["state"]["not_taken_in"]
    assert (lacking["position"], lacking["name"], lacking["page"]) == (
        landed.position,
        "message.received.v1",
        "inbox",
    )
    assert shown["state"]["conversations"][0]["subject"] == "The lamp"
    assert landed.position in [fact["position"] for fact in shown["facts"]]


def trips(*_: object) -> None:
    raise ValueError


async def test_facts_come_page_by_page(home: House) -> None:
    landed = await home.letter()
    auditor = await home.as_("auditor")
    first = await history(auditor, landed.customer, limit=2)
    rest = await history(auditor, landed.customer, after=first["next"])
    positions = [fact["position"] for fact in [*first["facts"], *rest["facts"]]]
    assert positions == sorted(set(positions))
    assert rest["next"] is None
    assert rest["state"] == {}


async def test_a_moment_that_is_none_and_a_customer_who_is_none(home: House) -> None:
    landed = await home.letter()
    auditor = await home.as_("auditor")
    for nonsense in ("yesterday", "2026-01-01T00:00:00", "-1", "9" * 30):
        no(
            await auditor.get(f"/api/v1/customers/{landed.customer}/history", params={"as_of": nonsense}),
            422,
            "fields",
        )
    no(await auditor.get(f"/api/v1/customers/{home.people['rep']}/history"), 404, "no-such-customer")


async def test_one_fact_by_position(home: House) -> None:
    landed = await home.letter()
    auditor = await home.as_("auditor")
    fact = told(await auditor.get(f"/api/v1/events/{landed.position}"), Fact)
    assert fact["position"] == landed.position
    assert len(await viewed(home, landed.customer)) == 1
    no(await auditor.get("/api/v1/events/999999"), 404, "not-found")
    no(await auditor.get(f"/api/v1/events/{2**63}"), 422, "fields")
    no(await (await home.as_("rep")).get("/api/v1/events/1"), 403, "not-allowed")
