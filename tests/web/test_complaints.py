"""Complaints through the API: marked, moved along the table, refused in words."""

import re
from pathlib import Path
from typing import Any

from hub.app.arrivals import Arrival
from hub.app.intake import take_in
from hub.domain.conversation.events import ReplyWritten
from hub.domain.conversation.not_arriving import NOT_ARRIVED
from hub.web.told import ComplaintInfo, Complaints, Done, ThreadAnswer
from tests.web.house import SUPPORT, Client, House
from tests.web.shapes import no, told

REPORT = (Path(__file__).parent.parent / "letters" / "bounce-dsn.eml").read_bytes()
"""On the letter `out.77@shop.example`."""


async def marked(home: House, client: Client) -> tuple[Any, dict[str, Any]]:
    landed = await home.letter(text="This is unacceptable!")
    done = told(await client.post(f"/api/v1/conversations/{landed.conversation}/complaint", json={}), Done)
    return landed, done


async def shown(client: Client, conversation: object, position: int) -> dict[str, Any]:
    url = f"/api/v1/conversations/{conversation}"
    thread = told(await client.get(url, params={"at_least": position}), ThreadAnswer)
    complaint: dict[str, Any] = thread["complaint"]
    ComplaintInfo.model_validate(complaint)
    return complaint


async def test_marking_gives_a_number_once(home: House) -> None:
    rep = await home.as_("rep")
    landed, done = await marked(home, rep)
    assert re.fullmatch(r"C-\d{4}-\d{5}", done["number"])
    again = told(await rep.post(f"/api/v1/conversations/{landed.conversation}/complaint", json={}), Done)
    assert again["already"] is True
    assert again["number"] == done["number"]
    complaint = await shown(rep, landed.conversation, done["position"])
    assert (complaint["phase"], complaint["number"], complaint["subject"]) == (
        "registered",
        done["number"],
        "My order",
    )
    assert set(complaint["moves"]) == {"investigate", "respond", "apologise", "close", "unmark"}


async def test_an_auditor_sees_the_complaint_and_no_moves(home: House) -> None:
    landed, done = await marked(home, await home.as_("rep"))
    complaint = await shown(await home.as_("auditor"), landed.conversation, done["position"])
    assert complaint["moves"] == []


async def test_a_complaint_goes_its_way_and_closes_only_after_the_outcome_was_told(home: House) -> None:
    rep = await home.as_("rep")
    landed, done = await marked(home, rep)
    url = f"/api/v1/complaints/{done['id']}"
    await home.settled()
    told(await rep.post(f"{url}/investigate", json={}), Done)
    no(await rep.post(f"{url}/close", json={"reason": "resolved"}), 409, "outcome-missing")
    no(await rep.post(f"{url}/tell", json={"how": "telephone"}), 409, "illegal-move")
    told(await rep.post(f"{url}/respond", json={"outcome": "upheld", "reasons": "We were late."}), Done)
    told(await rep.post(f"{url}/tell", json={"how": "telephone"}), Done)
    closed = told(await rep.post(f"{url}/close", json={"reason": "resolved"}), Done)
    complaint = await shown(rep, landed.conversation, closed["position"])
    assert (complaint["phase"], complaint["outcome"], complaint["outcome_reasons"]) == (
        "closed",
        "upheld",
        "We were late.",
    )
    assert complaint["moves"] == ["reopen"]
    reopened = told(await rep.post(f"{url}/reopen", json={"why": "it happened again"}), Done)
    assert (await shown(rep, landed.conversation, reopened["position"]))["phase"] == "investigating"


async def telling(rep: Client, place: str) -> dict[str, Any]:
    """The answer to a conversation's last letter that tells the outcome of its complaint."""
    thread = told(await rep.get(place), ThreadAnswer)
    reply = {"mode": "reply", "to": thread["recipients"]["reply"]["to"], "text": "You are right."}
    return reply | {"seen": thread["seen"], "tells_outcome": True}


async def test_the_answer_that_tells_the_outcome_counts_as_told(home: House) -> None:
    rep = await home.as_("rep")
    landed, done = await marked(home, rep)
    await home.settled()
    await rep.post(f"/api/v1/complaints/{done['id']}/respond", json={"outcome": "upheld", "reasons": "Late."})
    reply = await telling(rep, f"/api/v1/conversations/{landed.conversation}")
    sent = told(await rep.post(f"/api/v1/conversations/{landed.conversation}/replies", json=reply), Done)
    assert (await shown(rep, landed.conversation, sent["position"]))["told_at"]


async def test_a_letter_that_is_taken_back_has_told_nothing_even_when_the_complaint_was_closed_on_it(
    home: House,
) -> None:
    rep = await home.as_("rep")
    landed, done = await marked(home, rep)
    await home.settled()
    place, url = f"/api/v1/conversations/{landed.conversation}", f"/api/v1/complaints/{done['id']}"
    await rep.post(f"{url}/respond", json={"outcome": "upheld", "reasons": "Late."})
    reply = await telling(rep, place) | {"resolve": True}
    sent = told(await rep.post(f"{place}/replies", json=reply), Done)
    closed = told(await rep.post(f"{url}/close", json={"reason": "resolved"}), Done)
    assert (await shown(rep, landed.conversation, closed["position"]))["phase"] == "closed"
    undone = told(await rep.delete(f"{place}/replies/{sent['id']}"), Done)
    complaint = await shown(rep, landed.conversation, undone["position"])
    assert (complaint["phase"], complaint["told_at"]) == ("investigating", None)
    row = told(await rep.get(place), ThreadAnswer)["row"]
    assert (row["status"], row["waiting_since"] is not None) == ("open", True)
    no(await rep.post(f"{url}/close", json={"reason": "resolved"}), 409, "outcome-missing")
    again = reply | {"tells_outcome": False}
    assert told(await rep.post(f"{place}/replies", json=again), Done)["id"] != sent["id"]


async def told_by_letter_and_closed(home: House, rep: Client) -> tuple[Any, Any, Any, Any]:
    """The letter that was marked, and what the hub said to marking, answering and closing."""
    landed, done = await marked(home, rep)
    await home.settled()
    place, url = f"/api/v1/conversations/{landed.conversation}", f"/api/v1/complaints/{done['id']}"
    await rep.post(f"{url}/respond", json={"outcome": "upheld", "reasons": "Late."})
    sent = told(await rep.post(f"{place}/replies", json=await telling(rep, place)), Done)
    return landed, done, sent, told(await rep.post(f"{url}/close", json={"reason": "resolved"}), Done)


async def test_a_letter_that_comes_back_leaves_the_telling_as_the_next_step(home: House) -> None:
    rep = await home.as_("rep")
    landed, done, sent, closed = await told_by_letter_and_closed(home, rep)
    place, url = f"/api/v1/conversations/{landed.conversation}", f"/api/v1/complaints/{done['id']}"
    assert (await shown(rep, landed.conversation, closed["position"]))["moves"] == ["reopen"]
    returned = await comes_back(home, sent["id"])
    complaint = await shown(rep, landed.conversation, returned)
    assert (complaint["phase"], complaint["told_at"], complaint["outcome_reasons"]) == (
        "responded",
        None,
        "Late.",
    )
    assert "tell" in complaint["moves"]
    lines = {
        entry["what"]: entry["detail"]
        for entry in told(await rep.get(place), ThreadAnswer)["entries"]
        if entry["kind"] == "system"
    }
    assert lines["complaint.letter_failed.v1"]["told"] == "True"
    assert lines["complaint.reopened.v2"]["why"] == NOT_ARRIVED
    no(await rep.post(f"{url}/close", json={"reason": "resolved"}), 409, "outcome-missing")
    again = told(await rep.post(f"{place}/replies/{sent['id']}/retry", json={}), Done)
    assert (await shown(rep, landed.conversation, again["position"]))["told_at"]
    told(await rep.post(f"{url}/close", json={"reason": "resolved"}), Done)


async def comes_back(home: House, letter: str) -> int:
    """The position at which the report on a letter of ours is on record."""
    written = [fact.event for fact in await home.desk.log.read_all() if isinstance(fact.event, ReplyWritten)]
    (ours,) = [event for event in written if str(event.message) == letter]
    raw = REPORT.replace(b"out.77@shop.example", str(ours.message_ref).encode())
    landed = await take_in(home.walk, Arrival(inbox=SUPPORT, raw=raw, received_at=home.clock()))
    assert landed.ending == "bounce"
    return landed.position


async def test_undo_finds_the_closed_complaint_beside_an_open_one(home: House) -> None:
    rep = await home.as_("rep")
    landed, done, sent, _ = await told_by_letter_and_closed(home, rep)
    place = f"/api/v1/conversations/{landed.conversation}"
    second = told(await rep.post(f"{place}/complaint", json={}), Done)
    assert second["id"] != done["id"]
    await home.settled()
    undone = told(await rep.delete(f"{place}/replies/{sent['id']}"), Done)
    listed = await rep.get("/api/v1/complaints", params={"at_least": undone["position"]})
    (first,) = [row for row in told(listed, Complaints)["rows"] if row["id"] == done["id"]]
    assert (first["phase"], first["told_at"]) == ("investigating", None)


async def test_what_was_no_complaint_is_unmarked(home: House) -> None:
    rep = await home.as_("rep")
    landed, done = await marked(home, rep)
    await home.settled()
    unmarked = told(await rep.post(f"/api/v1/complaints/{done['id']}/unmark", json={}), Done)
    complaint = await shown(rep, landed.conversation, unmarked["position"])
    assert (complaint["phase"], complaint["close_reason"]) == ("closed", "registered in error")


async def test_the_list_is_filtered_by_phase_and_goes_page_by_page(home: House) -> None:
    rep = await home.as_("rep")
    numbers = {(await marked(home, rep))[1]["number"] for _ in range(3)}
    await home.settled()
    first = told(await rep.get("/api/v1/complaints", params={"phase": "registered", "limit": 2}), Complaints)
    second = told(
        await rep.get("/api/v1/complaints", params={"limit": 2, "cursor": first["next"]}), Complaints
    )
    assert {row["number"] for row in [*first["rows"], *second["rows"]]} == numbers
    assert second["next"] is None
    assert told(await rep.get("/api/v1/complaints", params={"phase": "closed"}), Complaints)["rows"] == []
