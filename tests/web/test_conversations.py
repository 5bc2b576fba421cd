"""From a letter in the inbox to an answer on record, through the public API alone."""

from datetime import timedelta
from typing import Any

import pytest

from hub.domain.conversation.events import ReplyWritten
from hub.domain.ids import StreamId
from hub.web.told import Counters, Done, ListAnswer, ThreadAnswer
from tests.web.house import Client, House
from tests.web.shapes import no, told


def answer_to(thread: dict[str, Any], text: str = "It left today.", **more: Any) -> dict[str, Any]:
    whom = thread["recipients"]["reply"]
    return {"mode": "reply", "to": whom["to"], "text": text, "seen": thread["seen"], **more}


async def read(client: Client, conversation: object, **asked: Any) -> dict[str, Any]:
    return told(await client.get(f"/api/v1/conversations/{conversation}", params=asked), ThreadAnswer)


async def test_a_letter_stands_in_the_inbox_and_in_its_thread(home: House) -> None:
    landed = await home.letter(subject="订单 42", text="我的订单在哪里？")
    rep = await home.as_("rep")
    listed = told(await rep.get("/api/v1/inbox/open"), ListAnswer)
    (row,) = listed["rows"]
    assert row["subject"] == "订单 42"
    assert row["customer_address"] == "alice@home.example"
    assert row["inbox_name"] == "Support" or row["account"]
    thread = await read(rep, landed.conversation)
    assert (await rep.get(f"/api/v1/conversations/{landed.conversation}?before={2**63}")).status_code == 422
    (letter,) = [entry for entry in thread["entries"] if entry["kind"] == "message"]
    assert letter["new_text"].strip() == "我的订单在哪里？"
    assert thread["seen"] == letter["id"]
    assert thread["recipients"]["reply"]["to"] == [{"address": "alice@home.example", "name": "Alice"}]
    assert thread["recipients"]["reply"]["warnings"]
    counters = told(await rep.get("/api/v1/inbox-counters"), Counters)
    assert (counters["open"], counters["unassigned"], counters["mine"]) == (1, 1, 0)


async def test_a_reply_is_on_record_threaded_and_signed(home: House) -> None:
    landed = await home.letter(message_id="first@home.example")
    rep = await home.as_("rep")
    thread = await read(rep, landed.conversation)
    done = told(
        await rep.post(f"/api/v1/conversations/{landed.conversation}/replies", json=answer_to(thread)), Done
    )
    facts = await home.desk.log.read_stream(StreamId(landed.customer))  # type: ignore[arg-type]
    written = facts[-1].event
    assert isinstance(written, ReplyWritten)
    assert str(written.message) == done["id"]
    assert written.in_reply_to == "first@home.example"
    assert written.references == ("first@home.example",)
    assert written.subject == "Re: My order"
    assert written.author == home.people["rep"]
    assert written.send_after - facts[-1].recorded_at > timedelta(seconds=8)
    again = await read(rep, landed.conversation, at_least=done["position"])
    reply = again["entries"][-1]
    assert (reply["kind"], reply["delivery"]["state"], reply["actor"]["name"]) == ("reply", "pending", "Rep")
    assert again["row"]["status"] == "waiting"
    assert home.desk.addressing.conversation([written.message_ref], written.to[0]) == landed.conversation  # type: ignore[list-item, index]


async def test_the_customers_answer_lands_in_the_same_conversation(home: House) -> None:
    landed = await home.letter()
    rep = await home.as_("rep")
    thread = await read(rep, landed.conversation)
    await rep.post(f"/api/v1/conversations/{landed.conversation}/replies", json=answer_to(thread))
    written = (await home.desk.log.read_stream(StreamId(landed.customer)))[-1].event  # type: ignore[arg-type]
    second = await home.letter(subject="Re: My order", text="Thank you", reference=written.message_ref)  # type: ignore[attr-defined]
    assert second.conversation == landed.conversation


async def test_a_reply_is_stopped_when_the_customer_wrote_meanwhile(home: House) -> None:
    landed = await home.letter(message_id="a@home.example")
    rep = await home.as_("rep")
    stale = await read(rep, landed.conversation)
    await home.letter(text="Cancel it!", reference="a@home.example")
    path = f"/api/v1/conversations/{landed.conversation}/replies"
    no(await rep.post(path, json=answer_to(stale)), 409, "answered-meanwhile")
    chinese = await rep.post(path, json=answer_to(stale), headers={"Accept-Language": "zh-CN"})
    assert "请先阅读" in chinese.json()["message"]
    fresh = await read(rep, landed.conversation)
    told(await rep.post(path, json=answer_to(fresh)), Done)


async def test_undo_takes_the_letter_back(home: House) -> None:
    landed = await home.letter()
    rep = await home.as_("rep")
    thread = await read(rep, landed.conversation)
    path = f"/api/v1/conversations/{landed.conversation}/replies"
    done = told(await rep.post(path, json=answer_to(thread)), Done)
    undone = told(await rep.delete(f"{path}/{done['id']}"), Done)
    after = await read(rep, landed.conversation, at_least=undone["position"])
    reply = next(entry for entry in after["entries"] if entry["kind"] == "reply")
    assert reply["delivery"]["state"] == "withdrawn"
    assert told(await rep.delete(f"{path}/{done['id']}"), Done)["already"] is True


async def test_send_and_resolve_is_one_command(home: House) -> None:
    landed = await home.letter()
    rep = await home.as_("rep")
    thread = await read(rep, landed.conversation)
    path = f"/api/v1/conversations/{landed.conversation}/replies"
    done = told(await rep.post(path, json=answer_to(thread, resolve=True)), Done)
    after = await read(rep, landed.conversation, at_least=done["position"])
    assert after["row"]["status"] == "resolved"
    facts = await home.desk.log.read_stream(StreamId(landed.customer))  # type: ignore[arg-type]
    assert len({fact.envelope.command for fact in facts[-2:]}) == 1


async def test_an_empty_reply_and_one_to_nobody_are_refused(home: House) -> None:
    landed = await home.letter()
    rep = await home.as_("rep")
    thread = await read(rep, landed.conversation)
    path = f"/api/v1/conversations/{landed.conversation}/replies"
    no(await rep.post(path, json=answer_to(thread, text="  ")), 409, "nothing-to-say")
    no(await rep.post(path, json=answer_to(thread, to=[])), 409, "nobody-to-write-to")


MOVES = [
    ("POST", "assign", "assign-me", lambda row: row["assignee"] is not None),
    ("POST", "snooze", {"until": "2199-01-01T00:00:00Z"}, lambda row: row["status"] == "snoozed"),
    ("POST", "resolve", {}, lambda row: row["status"] == "resolved"),
    ("POST", "spam", {}, lambda row: row["spam"]),
    ("PUT", "tags/退款", None, lambda row: row["tags"] == ["退款"]),
]


@pytest.mark.parametrize(("method", "path", "body", "holds"), MOVES, ids=[move[1] for move in MOVES])
async def test_a_move_shows_in_the_row_and_is_already_so_the_second_time(
    home: House, method: str, path: str, body: Any, holds: Any
) -> None:
    landed = await home.letter()
    rep = await home.as_("rep")
    sent = {"assignee": rep.me["id"]} if body == "assign-me" else body
    url = f"/api/v1/conversations/{landed.conversation}/{path}"
    done = told(await rep.request(method, url, json=sent), Done)
    assert "already" not in done
    thread = await read(rep, landed.conversation, at_least=done["position"])
    assert holds(thread["row"])
    assert told(await rep.request(method, url, json=sent), Done)["already"] is True


async def test_a_resolved_conversation_opens_again(home: House) -> None:
    landed = await home.letter()
    rep = await home.as_("rep")
    url = f"/api/v1/conversations/{landed.conversation}"
    await rep.post(f"{url}/resolve", json={})
    done = told(await rep.post(f"{url}/reopen", json={}), Done)
    assert (await read(rep, landed.conversation, at_least=done["position"]))["row"]["status"] == "open"


async def test_a_note_is_for_colleagues_and_changes_no_recipients(home: House) -> None:
    landed = await home.letter()
    rep = await home.as_("rep")
    done = told(
        await rep.post(f"/api/v1/conversations/{landed.conversation}/notes", json={"text": "VIP"}), Done
    )
    thread = await read(rep, landed.conversation, at_least=done["position"])
    assert (thread["entries"][-1]["kind"], thread["entries"][-1]["id"]) == ("note", done["id"])
    assert thread["recipients"]["reply"]["to"][0]["address"] == "alice@home.example"


async def test_snoozing_into_the_past_is_refused(home: House) -> None:
    landed = await home.letter()
    rep = await home.as_("rep")
    url = f"/api/v1/conversations/{landed.conversation}/snooze"
    no(await rep.post(url, json={"until": "2001-01-01T00:00:00Z"}), 409, "not-in-the-future")
    no(await rep.post(url, json={"until": "2199-01-01T00:00:00"}), 422, "fields")


async def test_writing_first_opens_a_customer_and_the_same_one_the_next_time(home: House) -> None:
    rep = await home.as_("rep")
    letter = {
        "account": str(home.desk.inboxes[0].account),
        "to": [{"address": "Bob@home.example", "name": "Bob"}],
        "subject": "Your parcel",
        "text": "It came back to us.",
    }
    first = told(await rep.post("/api/v1/conversations", json=letter), Done)
    thread = await read(rep, first["id"], at_least=first["position"])
    assert thread["row"]["customer_name"] == "Bob"
    second = told(await rep.post("/api/v1/conversations", json=letter), Done)
    other = await read(rep, second["id"], at_least=second["position"])
    assert other["row"]["customer"] == thread["row"]["customer"]
    assert second["id"] != first["id"]


async def test_what_is_not_there_is_404_with_words(home: House) -> None:
    rep = await home.as_("rep")
    nowhere = "00000000-0000-0000-0000-00000000dead"
    no(await rep.get(f"/api/v1/conversations/{nowhere}"), 404, "no-such-conversation")
    no(await rep.post(f"/api/v1/conversations/{nowhere}/resolve", json={}), 404, "no-such-conversation")
    no(await rep.get(f"/api/v1/customers/{nowhere}"), 404, "no-such-customer")
    no(await rep.get("/api/v1/nothing/here"), 404, "not-found")


async def test_a_draft_is_kept_and_gone_after_sending(home: House) -> None:
    landed = await home.letter()
    rep = await home.as_("rep")
    url = f"/api/v1/conversations/{landed.conversation}/draft"
    assert (await rep.get(url)).status_code == 204
    draft = {
        "mode": "reply",
        "to": [{"address": "al", "name": ""}],
        "cc": [],
        "subject": "",
        "text": "half a sen",
    }
    assert (await rep.put(url, json=draft)).status_code == 204
    kept = (await rep.get(url)).json()
    assert (kept["text"], kept["to"], kept["files"], kept["seen"]) == ("half a sen", draft["to"], [], None)
    assert (await (await home.as_("lead")).get(url)).status_code == 204
    thread = await read(rep, landed.conversation)
    await rep.post(f"/api/v1/conversations/{landed.conversation}/replies", json=answer_to(thread))
    assert (await rep.get(url)).status_code == 204


async def test_the_list_goes_page_by_page(home: House) -> None:
    for number in range(3):
        await home.letter(sender=f"P{number} <p{number}@home.example>", subject=f"n{number}")
    rep = await home.as_("rep")
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        asked = {"limit": 2, "sort": "newest", **({"cursor": cursor} if cursor else {})}
        page = told(await rep.get("/api/v1/inbox/open", params=asked), ListAnswer)
        seen += [row["subject"] for row in page["rows"]]
        cursor = page["next"]
    assert seen == ["n2", "n1", "n0"]
    no(await rep.get("/api/v1/inbox/open", params={"cursor": "nonsense"}), 422, "fields")


async def test_nobody_is_snoozed_beyond_the_calendar(home: House) -> None:
    landed = await home.letter()
    rep = await home.as_("rep")
    url = f"/api/v1/conversations/{landed.conversation}/snooze"
    answer = await rep.post(url, json={"until": "9999-12-31T23:59:59-12:00"})
    assert answer.status_code == 422
    assert (await rep.get(f"/api/v1/conversations/{landed.conversation}")).status_code == 200
