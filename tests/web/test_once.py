"""The same request with the same key happens once and is answered alike."""

import asyncio

from hub.domain.ids import StreamId
from tests.web.house import House
from tests.web.shapes import no


async def test_a_repeated_command_happens_once_and_is_answered_alike(home: House) -> None:
    landed = await home.letter()
    rep = await home.as_("rep")
    url, key = f"/api/v1/conversations/{landed.conversation}/notes", {"Idempotency-Key": "k1"}
    first = await rep.post(url, json={"text": "once"}, headers=key)
    head = await home.desk.log.head()
    second = await rep.post(url, json={"text": "once"}, headers=key)
    assert (second.status_code, second.json()) == (200, first.json())
    assert await home.desk.log.head() == head


async def test_without_a_key_each_is_its_own(home: House) -> None:
    landed = await home.letter()
    rep = await home.as_("rep")
    url = f"/api/v1/conversations/{landed.conversation}/notes"
    first, second = [await rep.post(url, json={"text": "twice"}) for _ in range(2)]
    assert first.json()["id"] != second.json()["id"]


async def test_twenty_at_once_are_one(home: House) -> None:
    landed = await home.letter()
    rep = await home.as_("rep")
    url, key = f"/api/v1/conversations/{landed.conversation}/notes", {"Idempotency-Key": "k2"}
    answers = await asyncio.gather(*(rep.post(url, json={"text": "once"}, headers=key) for _ in range(20)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.text for answer in answers}) == 1
    facts = await home.desk.log.read_stream(StreamId(landed.customer))  # type: ignore[arg-type]
    assert [fact.name for fact in facts].count("note.added.v1") == 1


async def test_a_key_is_not_reused_for_something_else(home: House) -> None:
    landed = await home.letter()
    rep = await home.as_("rep")
    url, key = f"/api/v1/conversations/{landed.conversation}", {"Idempotency-Key": "k3"}
    await rep.post(f"{url}/notes", json={"text": "one"}, headers=key)
    no(await rep.post(f"{url}/notes", json={"text": "two"}, headers=key), 409, "key-used-for-something-else")
    no(await rep.post(f"{url}/resolve", json={}, headers=key), 409, "key-used-for-something-else")


async def test_keys_of_two_colleagues_are_different_keys(home: House) -> None:
    landed = await home.letter()
    rep, lead = await home.as_("rep"), await home.as_("lead")
    url, key = f"/api/v1/conversations/{landed.conversation}/notes", {"Idempotency-Key": "k4"}
    first = await rep.post(url, json={"text": "a"}, headers=key)
    second = await lead.post(url, json={"text": "b"}, headers=key)
    assert second.status_code == 200
    assert first.json()["id"] != second.json()["id"]


async def test_an_answer_that_was_never_kept_is_found_on_record(home: House) -> None:
    """The hub dies after the append and before the answer is kept: the retry meets its own once-key."""
    landed = await home.letter()
    rep = await home.as_("rep")
    url, key = f"/api/v1/conversations/{landed.conversation}/notes", {"Idempotency-Key": "k5"}
    first = await rep.post(url, json={"text": "once"}, headers=key)

    async def never(_: str) -> None:
        return None

    object.__setattr__(home.desk, "answers", type("Lost", (), {"find": staticmethod(never), "keep": _kept})())
    second = await rep.post(url, json={"text": "once"}, headers=key)
    assert second.json() == {**first.json(), "already": True}
    facts = await home.desk.log.read_stream(StreamId(landed.customer))  # type: ignore[arg-type]
    assert [fact.name for fact in facts].count("note.added.v1") == 1


async def _kept(*_: object) -> None: ...


async def test_a_refusal_is_not_kept(home: House) -> None:
    landed = await home.letter()
    rep = await home.as_("rep")
    url, key = f"/api/v1/conversations/{landed.conversation}/notes", {"Idempotency-Key": "k6"}
    no(await rep.post(url, json={"text": " "}, headers=key), 409, "nothing-to-say")
    assert (await rep.post(url, json={"text": "something"}, headers=key)).status_code == 200
