"""Who a customer is: evidence, confirming, linking and unlinking, all through the API."""

from typing import Any
from uuid import uuid4

from hub.app.identify import claim_key
from hub.app.ports import Envelope, Request, Write
from hub.domain.conversation.events import ConversationOpened
from hub.domain.ids import CommandId, ConversationId, StreamId
from hub.domain.vocabulary import Actor
from hub.web.told import Done
from hub.web.told_customers import CustomerInfo, CustomerRows
from tests.web.house import SUPPORT, Client, House
from tests.web.shapes import no, told

ALICE = {"channel": "email", "address": "alice@home.example"}


async def info(client: Client, customer: object, position: int = 0) -> dict[str, Any]:
    return told(
        await client.get(f"/api/v1/customers/{customer}", params={"at_least": position}), CustomerInfo
    )


async def test_a_customer_has_identities_with_evidence_and_conversations(home: House) -> None:
    landed = await home.letter()
    shown = await info(await home.as_("auditor"), landed.customer)
    (identity,) = shown["identities"]
    assert (identity["address"], identity["verified"], identity["evidence"]) == (
        "alice@home.example",
        False,
        "header",
    )
    assert [row["conversation"] for row in shown["conversations"]] == [str(landed.conversation)]
    assert shown["conversations_in_all"] == 1


async def test_more_conversations_than_are_listed_are_counted(home: House) -> None:
    landed = await home.letter()
    stream = StreamId(landed.customer)  # type: ignore[arg-type]
    opened = tuple(
        ConversationOpened(
            conversation=ConversationId(uuid4()), account=SUPPORT.account, channel="email", subject="x"
        )  # type: ignore[arg-type]
        for _ in range(101)
    )
    write = Write(stream=stream, expected=await home.desk.log.version(stream), events=opened)
    by = Envelope(actor=Actor(kind="system", id="test"), command=CommandId(uuid4()))
    await home.desk.log.append(Request(envelope=by, writes=(write,)))
    await home.settled()
    rep = await home.as_("rep")
    shown = await info(rep, landed.customer)
    assert (len(shown["conversations"]), shown["conversations_in_all"]) == (100, 102)
    found = told(await rep.get("/api/v1/customers", params={"q": "alice"}), CustomerRows)
    assert [row["conversations"] for row in found["rows"]] == [102]


async def test_confirming_moves_the_claim_in_one_append(home: House) -> None:
    landed = await home.letter()
    rep = await home.as_("rep")
    done = told(await rep.post(f"/api/v1/customers/{landed.customer}/identities/verify", json=ALICE), Done)
    shown = await info(rep, landed.customer, done["position"])
    assert (shown["identities"][0]["verified"], shown["identities"][0]["evidence"]) == (True, "agent")
    proven, claimed = [
        claim_key(home.desk.secrets, grade, *ALICE.values()) for grade in ("proven", "claimed")
    ]  # type: ignore[arg-type]
    assert await home.desk.log.holder(proven) == landed.customer
    assert await home.desk.log.holder(claimed) is None


async def test_an_address_that_is_another_customers_is_told_with_who_it_is(home: House) -> None:
    claimed = await home.letter()
    proven = await home.letter(proven=True)
    assert proven.customer != claimed.customer
    rep = await home.as_("rep")
    answer = await rep.post(f"/api/v1/customers/{claimed.customer}/identities/verify", json=ALICE)
    assert no(answer, 409, "taken") == {"customer": str(proven.customer)}
    assert (await info(rep, claimed.customer))["identities"][0]["verified"] is False


async def test_only_an_address_of_the_customer_is_confirmed(home: House) -> None:
    landed = await home.letter()
    rep = await home.as_("rep")
    stranger = {"channel": "email", "address": "mallory@evil.example"}
    no(
        await rep.post(f"/api/v1/customers/{landed.customer}/identities/verify", json=stranger),
        404,
        "no-such-identity",
    )


async def test_two_customers_are_linked_and_unlinked_from_both_sides(home: House) -> None:
    one, other = await home.letter(), await home.letter(sender="Al <al@work.example>")
    rep = await home.as_("rep")
    link = {"other": str(other.customer), "survivor": str(one.customer), "why": "same phone number"}
    done = told(await rep.post(f"/api/v1/customers/{one.customer}/links", json=link), Done)
    here, there = await info(rep, one.customer, done["position"]), await info(rep, other.customer)
    assert [(each["customer"], each["survivor"]) for each in here["links"]] == [(str(other.customer), False)]
    assert [(each["customer"], each["survivor"]) for each in there["links"]] == [(str(one.customer), True)]
    assert len(here["conversations"]) == len(there["conversations"]) == 2
    assert told(await rep.post(f"/api/v1/customers/{one.customer}/links", json=link), Done)["already"] is True
    undone = told(await rep.delete(f"/api/v1/customers/{other.customer}/links/{one.customer}"), Done)
    assert (await info(rep, one.customer, undone["position"]))["links"] == []
    assert (await info(rep, other.customer))["links"] == []
    no(await rep.delete(f"/api/v1/customers/{other.customer}/links/{one.customer}"), 409, "not-linked")


async def test_linking_with_oneself_or_a_stranger_as_survivor_is_refused(home: House) -> None:
    one, other = await home.letter(), await home.letter(sender="Al <al@work.example>")
    rep = await home.as_("rep")
    url = f"/api/v1/customers/{one.customer}/links"
    alone = {"other": str(one.customer), "survivor": str(one.customer), "why": ""}
    no(await rep.post(url, json=alone), 409, "same-person")
    stranger = {"other": str(other.customer), "survivor": str(home.people["rep"]), "why": ""}
    no(await rep.post(url, json=stranger), 422, "fields")
    nobody = {"other": str(home.people["rep"]), "survivor": str(one.customer), "why": ""}
    no(await rep.post(url, json=nobody), 404, "no-such-customer")


async def test_a_new_conversation_begins_in_the_surviving_customer(home: House) -> None:
    one, other = await home.letter(), await home.letter(sender="Al <al@work.example>")
    rep = await home.as_("rep")
    link = {"other": str(other.customer), "survivor": str(one.customer), "why": "same"}
    await rep.post(f"/api/v1/customers/{one.customer}/links", json=link)
    account = str(home.desk.inboxes[0].account)
    letter = {
        "account": account,
        "to": [{"address": "al@work.example"}],
        "subject": "Hello",
        "text": "About your order",
    }
    done = told(await rep.post("/api/v1/conversations", json=letter), Done)
    await home.settled()
    thread = (await rep.get(f"/api/v1/conversations/{done['id']}")).json()
    assert thread["row"]["customer"] == str(one.customer)


async def test_a_customer_is_found_by_name_and_address_and_renamed(home: House) -> None:
    landed = await home.letter(sender="王芳 <fang@home.example>")
    rep = await home.as_("rep")
    for asked in ("王芳", "FANG@home", "home.example"):
        rows = told(await rep.get("/api/v1/customers", params={"q": asked}), CustomerRows)["rows"]
        assert [(row["id"], row["conversations"]) for row in rows] == [(str(landed.customer), 1)]
    done = told(await rep.post(f"/api/v1/customers/{landed.customer}/name", json={"name": "Wang Fang"}), Done)
    assert (await info(rep, landed.customer, done["position"]))["name"] == "Wang Fang"
    assert told(await rep.get("/api/v1/customers", params={"q": " "}), CustomerRows)["rows"] == []
