"""Signing in and out."""

from datetime import timedelta

from hub.domain.ids import StreamId
from hub.domain.staff.events import AgentSignedIn
from hub.web.passwords import hashed, matches
from tests.web.house import PASSWORD, House


async def test_a_colleague_signs_in_and_is_known(home: House) -> None:
    browser = home.browser()
    answer = await browser.sign_in("rep@shop.example")
    assert answer.status_code == 200
    assert answer.json()["role"] == "rep"
    assert (await browser.get("/api/v1/session")).json() == answer.json()
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie


async def test_signing_in_is_on_record(home: House) -> None:
    await home.browser().sign_in("rep@shop.example")
    facts = await home.desk.log.read_stream(StreamId(home.people["rep"]))
    assert isinstance(facts[-1].event, AgentSignedIn)
    assert facts[-1].envelope.actor.id == str(home.people["rep"])


async def test_a_wrong_password_and_an_unknown_login_get_the_same_answer(home: House) -> None:
    browser = home.browser()
    wrong = await browser.sign_in("rep@shop.example", "wrong")
    unknown = await browser.sign_in("nobody@shop.example", "wrong")
    assert wrong.status_code == unknown.status_code == 401
    assert wrong.json() == unknown.json()


async def test_the_login_is_found_whatever_its_case(home: House) -> None:
    assert (await home.browser().sign_in(" REP@Shop.Example ")).status_code == 200


async def test_each_sign_in_has_a_new_token_and_ends_the_old_one(home: House) -> None:
    browser = home.browser()
    await browser.sign_in("rep@shop.example")
    old = browser.cookies["amends_session"]
    await browser.sign_in("rep@shop.example")
    assert browser.cookies["amends_session"] != old
    thief = home.browser()
    thief.cookies.set("amends_session", old)
    assert (await thief.get("/api/v1/session")).status_code == 401


async def test_signing_out_ends_the_session_on_the_server(home: House) -> None:
    rep = await home.as_("rep")
    token = rep.cookies["amends_session"]
    assert (await rep.delete("/api/v1/session")).status_code == 204
    rep.cookies.set("amends_session", token)
    assert (await rep.get("/api/v1/session")).status_code == 401


async def test_a_new_password_ends_every_other_session(home: House) -> None:
    here, elsewhere = await home.as_("rep"), await home.as_("rep")
    answer = await here.post("/api/v1/session/password", json={"old": PASSWORD, "new": "another good one"})
    assert answer.status_code == 204
    assert (await elsewhere.get("/api/v1/session")).status_code == 401
    me = await here.get("/api/v1/session")
    assert me.status_code == 200
    assert me.json()["csrf"] == answer.headers["x-csrf"]
    assert (await home.browser().sign_in("rep@shop.example", PASSWORD)).status_code == 401
    assert (await home.browser().sign_in("rep@shop.example", "another good one")).status_code == 200


async def test_a_new_password_needs_the_old_one_and_some_length(home: House) -> None:
    rep = await home.as_("rep")
    wrong = await rep.post("/api/v1/session/password", json={"old": "wrong", "new": "another good one"})
    short = await rep.post("/api/v1/session/password", json={"old": PASSWORD, "new": "short"})
    assert (wrong.status_code, wrong.json()["code"]) == (403, "wrong-password")
    assert (short.status_code, short.json()["code"]) == (422, "weak-password")
    assert (await rep.get("/api/v1/session")).status_code == 200


async def test_five_tries_a_minute_per_account(home: House) -> None:
    tries = [
        await home.browser(from_address=f"10.1.0.{n}").sign_in("rep@shop.example", "wrong") for n in range(6)
    ]
    assert [answer.status_code for answer in tries] == [401] * 5 + [429]
    late = await home.browser(from_address="10.1.0.9").sign_in("rep@shop.example")
    assert late.status_code == 429
    assert "retry-after" in late.headers


async def test_twenty_tries_a_minute_per_address(home: House) -> None:
    browser = home.browser(from_address="10.2.0.1")
    tries = [await browser.sign_in(f"nobody{n}@shop.example", "wrong") for n in range(21)]
    assert [answer.status_code for answer in tries] == [401] * 20 + [429]


async def test_a_session_ends_after_half_an_hour_of_no_use_and_after_half_a_day(home: House) -> None:
    rep = await home.as_("rep")
    home.clock.ahead = timedelta(minutes=31)
    assert (await rep.get("/api/v1/session")).status_code == 401
    again = await home.as_("rep")
    for _ in range(25):
        home.clock.ahead += timedelta(minutes=29)
        last = await again.get("/api/v1/session")
    assert last.status_code == 401


async def test_who_has_left_is_out_with_the_next_request(home: House) -> None:
    rep, admin = await home.as_("rep"), await home.as_("admin")
    assert (await rep.get("/api/v1/session")).status_code == 200
    assert (await admin.delete(f"/api/v1/agents/{home.people['rep']}")).status_code == 200
    assert (await rep.get("/api/v1/session")).status_code == 401
    assert (await home.browser().sign_in("rep@shop.example")).status_code == 401


async def test_a_lost_role_is_lost_with_the_next_request(home: House) -> None:
    lead, admin = await home.as_("lead"), await home.as_("admin")
    changed = await admin.post(f"/api/v1/agents/{home.people['lead']}/role", json={"role": "auditor"})
    assert changed.status_code == 200
    refused = await lead.put("/api/v1/saved-replies", json={"name": "a", "language": "en", "text": "b"})
    assert refused.status_code == 403


def test_passwords_take_work() -> None:
    kept = hashed("correct horse")
    assert kept.startswith("$argon2id$v=19$m=65536,t=3,")
    assert matches(kept, "correct horse")
    assert not matches(kept, "wrong")
    assert not matches(None, "correct horse")
    assert not matches("no hash at all", "correct horse")
