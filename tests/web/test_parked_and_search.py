"""What could not be read, what is searched for, and what colleagues share."""

from hub.app.intake import take_in
from hub.domain.letters import Incoming, Unreadable
from hub.web.told import Done
from hub.web.told_more import Agents, Inboxes, ParkedAnswer, SavedReplies, SearchAnswer
from tests.web.house import SUPPORT, Arrival, HereAndNow, House, letter
from tests.web.shapes import no, told


class Broken:
    async def read(self, raw: bytes, *, account: str) -> Incoming:
        raise Unreadable("a header makes no sense")


async def test_a_parked_letter_is_seen_downloaded_and_read_again(home: House) -> None:
    raw = letter(subject="Lost?")
    object.__setattr__(home.walk, "readers", Broken())
    landed = await take_in(home.walk, Arrival(inbox=SUPPORT, raw=raw, received_at=home.clock()))
    rep = await home.as_("rep")
    shown = told(await rep.get("/api/v1/parked", params={"at_least": landed.position}), ParkedAnswer)
    (parked,) = shown["letters"]
    assert parked["why"] == "a header makes no sense"
    assert (await rep.get("/api/v1/inbox-counters")).json()["parked"] == 1
    assert (await rep.get(f"/api/v1/parked/{parked['raw']}/raw")).content == raw
    no(await rep.post(f"/api/v1/parked/{parked['raw']}/read-again", json={}), 409, "still-unreadable")
    object.__setattr__(home.walk, "readers", HereAndNow())
    done = told(await rep.post(f"/api/v1/parked/{parked['raw']}/read-again", json={}), Done)
    assert (await rep.get(f"/api/v1/messages/{done['id']}/raw", params={"at_least": 1})).status_code in (
        200,
        404,
    )
    rows = (await rep.get("/api/v1/inbox/open", params={"at_least": done["position"]})).json()["rows"]
    assert [row["subject"] for row in rows] == ["Lost?"]


async def test_a_blobs_id_alone_opens_nothing(home: House) -> None:
    landed = await home.letter()
    fact = (await home.desk.log.read_stream(landed.customer))[-1].event  # type: ignore[arg-type]
    rep = await home.as_("rep")
    no(await rep.get(f"/api/v1/parked/{fact.raw}/raw"), 404, "not-found")  # type: ignore[attr-defined]


async def test_search_finds_both_scripts(home: House) -> None:
    await home.letter(subject="Order", text="I want a refund for this")
    await home.letter(sender="王芳 <fang@home.example>", subject="你好", text="我的订单在哪里")
    auditor = await home.as_("auditor")
    for asked, subject in (("refund", "Order"), ("订单", "你好")):
        hits = told(await auditor.get("/api/v1/search", params={"q": asked}), SearchAnswer)["hits"]
        assert [hit["row"]["subject"] for hit in hits] == [subject]
        start, end = hits[0]["marks"][0]
        assert hits[0]["excerpt"][start:end] == asked
    for nothing in ("", "  ", '"', "* OR 1", "nowhere"):
        assert told(await auditor.get("/api/v1/search", params={"q": nothing}), SearchAnswer)["hits"] == []


async def test_saved_replies_are_kept_and_removed(home: House) -> None:
    rep = await home.as_("rep")
    kept = {"name": "Sorry", "language": "en", "text": "Dear {customer.name}"}
    done = told(await rep.put("/api/v1/saved-replies", json=kept), Done)
    asked = {"at_least": done["position"]}
    assert told(await rep.get("/api/v1/saved-replies", params=asked), SavedReplies)["replies"] == [kept]
    gone = told(await rep.delete("/api/v1/saved-replies", params={"name": "Sorry", "language": "en"}), Done)
    assert (
        told(await rep.get("/api/v1/saved-replies", params={"at_least": gone["position"]}), SavedReplies)[
            "replies"
        ]
        == []
    )


async def test_inboxes_tell_their_address_and_signature(home: House) -> None:
    shown = told(await (await home.as_("auditor")).get("/api/v1/inboxes"), Inboxes)["inboxes"]
    assert [(one["name"], one["address"], one["signature"]) for one in shown] == [
        ("Support", "support@shop.example", "The shop")
    ]


async def test_an_admin_hires_and_dismisses_but_not_the_last_admin(home: House) -> None:
    admin = await home.as_("admin")
    new = {"name": "Mia", "email": "mia@shop.example", "role": "rep", "password": "long enough indeed"}
    done = told(await admin.post("/api/v1/agents", json=new), Done)
    mia = home.browser()
    assert (await mia.sign_in("mia@shop.example", "long enough indeed")).status_code == 200
    shown = told(await admin.get("/api/v1/agents", params={"at_least": done["position"]}), Agents)["agents"]
    assert ("Mia", "rep", True) in [(one["name"], one["role"], one["active"]) for one in shown]
    no(await admin.post("/api/v1/agents", json=new), 409, "login-taken")
    no(
        await admin.post("/api/v1/agents", json={**new, "email": "x@y.example", "password": "short"}),
        422,
        "weak-password",
    )
    no(await admin.delete(f"/api/v1/agents/{home.people['admin']}"), 409, "last-admin")
    no(
        await admin.post(f"/api/v1/agents/{home.people['admin']}/role", json={"role": "rep"}),
        409,
        "last-admin",
    )
    told(await admin.delete(f"/api/v1/agents/{done['id']}"), Done)
    assert (await mia.get("/api/v1/session")).status_code == 401
