"""Files of strangers, files of ours, HTML, and the raw letter."""

import hashlib
from typing import Any

import httpx
import pytest

from hub.domain.conversation.events import ReplyWritten
from hub.domain.ids import BlobId, StreamId
from hub.domain.letters import Incoming, Unreadable
from hub.web.frame import MOST_IN_ALL, Pictures
from hub.web.told import Done, ThreadAnswer
from hub.web.told_more import SafeHtml, UploadInfo
from infra.references import blobs_of
from tests.web.house import SUPPORT, Client, HereAndNow, House
from tests.web.shapes import no, told

PNG = b"\x89PNG\r\n\x1a\n" + b"x" * 40
HTML = '<p onclick="x()">Hi</p><script>alert(1)</script><img src="https://track.example/1.gif"><img src="cid:logo">'


async def thread_of(client: Client, conversation: object) -> dict[str, Any]:
    return told(await client.get(f"/api/v1/conversations/{conversation}"), ThreadAnswer)


async def letter_with_files(home: House) -> tuple[Any, dict[str, Any]]:
    files = (
        ("../发票.pdf", b"%PDF-1", "application/pdf"),
        ("page.html", b"<script>", "text/html"),
        ("a.png", PNG, "image/png"),
    )
    landed = await home.letter(html=HTML, files=files)
    thread = await thread_of(await home.as_("rep"), landed.conversation)
    return landed, next(entry for entry in thread["entries"] if entry["kind"] == "message")


async def test_each_file_comes_back_byte_for_byte_as_a_download(home: House) -> None:
    _, letter = await letter_with_files(home)
    auditor = await home.as_("auditor")
    for file in letter["files"]:
        answer = await auditor.get(file["url"])
        assert hashlib.sha256(answer.content).hexdigest() == file["sha256"]
        assert answer.headers["content-disposition"].startswith("attachment")
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "sandbox" in answer.headers["content-security-policy"]
        assert "html" not in answer.headers["content-type"]
    assert (
        "%E5%8F%91%E7%A5%A8.pdf"
        in (await auditor.get(letter["files"][0]["url"])).headers["content-disposition"]
    )


async def test_only_a_real_picture_is_shown_in_place(home: House) -> None:
    _, letter = await letter_with_files(home)
    rep = await home.as_("rep")
    shown = [
        (await rep.get(f"{file['url']}?inline=1")).headers["content-disposition"] for file in letter["files"]
    ]
    assert [one.split(";")[0] for one in shown] == ["attachment", "attachment", "inline"]


async def test_the_html_of_a_letter_is_harmless_and_loads_nothing(home: House) -> None:
    _, letter = await letter_with_files(home)
    rep = await home.as_("rep")
    url = f"/api/v1/messages/{letter['id']}/html"
    without = told(await rep.get(url), SafeHtml)
    assert without["remote_images"] == 1
    assert not {"onclick", "script", "track.example"} & set(
        without["html"].replace('"', " ").replace("<", " ").split()
    )
    assert "https://track.example/1.gif" in told(await rep.get(url, params={"images": 1}), SafeHtml)["html"]


async def test_the_frame_has_a_policy_of_its_own(home: House) -> None:
    _, letter = await letter_with_files(home)
    rep = await home.as_("rep")
    url = f"/api/v1/messages/{letter['id']}/frame"
    closed, opened = await rep.get(url), await rep.get(url, params={"images": 1})
    policy = closed.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'")
    assert "sandbox" in policy
    assert "script-src" not in policy
    assert "https:" not in policy
    assert "https:" in opened.headers["content-security-policy"]
    assert "track.example" not in closed.text


async def test_the_letter_comes_back_as_it_came(home: House) -> None:
    landed = await home.letter(text="as it came")
    rep = await home.as_("rep")
    answer = await rep.get(f"/api/v1/messages/{landed.message}/raw")
    fact = (await home.desk.log.read_stream(StreamId(landed.customer)))[-1].event  # type: ignore[arg-type]
    assert answer.content == await home.desk.vault.open(fact.raw)  # type: ignore[attr-defined]
    assert answer.headers["content-disposition"].startswith("attachment")


async def test_an_upload_goes_out_with_the_reply(home: House) -> None:
    landed = await home.letter()
    rep = await home.as_("rep")
    upload = told(
        await rep.post("/api/v1/uploads", files={"file": ("../报价.pdf", b"%PDF-2", "application/pdf")}),
        UploadInfo,
    )
    assert (upload["filename"], upload["size"]) == ("报价.pdf", 6)
    thread = await thread_of(rep, landed.conversation)
    to = thread["recipients"]["reply"]["to"]
    reply = {"mode": "reply", "to": to, "text": "Attached.", "seen": thread["seen"], "files": [upload["id"]]}
    done = told(await rep.post(f"/api/v1/conversations/{landed.conversation}/replies", json=reply), Done)
    written = (await home.desk.log.read_stream(StreamId(landed.customer)))[-1].event  # type: ignore[arg-type]
    assert isinstance(written, ReplyWritten)
    assert [(file.filename, file.sha256) for file in written.files] == [("报价.pdf", upload["sha256"])]  # type: ignore[union-attr]
    assert written.blobs == tuple(file.blob for file in written.files)  # type: ignore[union-attr]
    await home.settled()
    back = await rep.get(f"/api/v1/messages/{done['id']}/files/0")
    assert back.content == b"%PDF-2"


async def sent(rep: Client, landed: Any, upload: str) -> httpx.Response:
    """A reply with this upload."""
    thread = await thread_of(rep, landed.conversation)
    reply = {
        "mode": "reply",
        "to": thread["recipients"]["reply"]["to"],
        "text": "Attached.",
        "files": [upload],
    }
    url = f"/api/v1/conversations/{landed.conversation}/replies"
    return await rep.post(url, json={**reply, "seen": thread["seen"]})


async def uploaded(rep: Client) -> str:
    answer = await rep.post("/api/v1/uploads", files={"file": ("a.txt", b"attached", "text/plain")})
    return str(told(answer, UploadInfo)["id"])


async def blobs_named(home: House, customer: object) -> set[BlobId]:
    facts = await home.desk.log.read_stream(StreamId(customer))  # type: ignore[arg-type]
    return {blob for fact in facts for blob in blobs_of(fact.event)}


@pytest.mark.parametrize("looks", ["in time", "too early"])
async def test_an_upload_sent_to_two_customers_outlives_the_erasure_of_either(
    home: House, looks: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = await home.letter(), await home.letter(sender="Bob <bob@home.example>")
    rep = await home.as_("rep")
    upload = await uploaded(rep)
    told(await sent(rep, one, upload), Done)
    if looks == "too early":
        monkeypatch.setattr(home.desk.log, "holder", nobody_at_first(home.desk.log.holder))
    done = told(await sent(rep, other, upload), Done)
    await home.settled()
    theirs = await blobs_named(home, one.customer)
    assert theirs.isdisjoint(await blobs_named(home, other.customer))
    await home.desk.vault.destroy(theirs)  # type: ignore[attr-defined]
    assert (await rep.get(f"/api/v1/messages/{done['id']}/files/0")).content == b"attached"


def nobody_at_first(holder: Any) -> Any:
    """Another process sends the upload between our look and our append."""
    looks: list[bytes] = []

    async def late(key: bytes) -> object:
        looks.append(key)
        return None if len(looks) == 1 else await holder(key)

    return late


async def test_a_first_letter_has_the_upload_to_itself_as_well(home: House) -> None:
    landed, rep = await home.letter(), await home.as_("rep")
    upload = await uploaded(rep)
    told(await sent(rep, landed, upload), Done)
    first = {
        "account": str(SUPPORT.account),
        "to": [{"address": "carl@home.example"}],
        "subject": "Hi",
        "text": "x",
    }
    done = told(await rep.post("/api/v1/conversations", json={**first, "files": [upload]}), Done)
    (written,) = await home.desk.log.read_all(after=done["position"] - 1, limit=1)
    named = blobs_of(written.event)
    assert len(named) == 1 and named.isdisjoint(await blobs_named(home, landed.customer))


async def test_an_upload_sent_again_to_the_same_customer_is_not_copied(home: House) -> None:
    landed, rep = await home.letter(), await home.as_("rep")
    upload = await uploaded(rep)
    told(await sent(rep, landed, upload), Done)
    named = await blobs_named(home, landed.customer)
    await home.settled()
    told(await sent(rep, landed, upload), Done)
    assert await blobs_named(home, landed.customer) == named


async def test_an_upload_that_was_erased_with_its_customer_is_refused(home: House) -> None:
    one, other = await home.letter(), await home.letter(sender="Bob <bob@home.example>")
    rep = await home.as_("rep")
    upload = await uploaded(rep)
    told(await sent(rep, one, upload), Done)
    await home.desk.vault.destroy(await blobs_named(home, one.customer))  # type: ignore[attr-defined]
    no(await sent(rep, other, upload), 404, "no-such-upload")


async def test_an_upload_is_its_owners_and_not_for_ever(home: House) -> None:
    landed = await home.letter()
    rep, lead = await home.as_("rep"), await home.as_("lead")
    upload = told(
        await rep.post("/api/v1/uploads", files={"file": ("a.txt", b"a", "text/plain")}), UploadInfo
    )
    thread = await thread_of(rep, landed.conversation)
    reply = {"mode": "reply", "to": thread["recipients"]["reply"]["to"], "text": "x", "seen": thread["seen"]}
    url = f"/api/v1/conversations/{landed.conversation}/replies"
    no(await lead.post(url, json={**reply, "files": [upload["id"]]}), 404, "no-such-upload")
    for forged in ("", "AAAA", upload["id"][:-3] + "abc", "é"):
        no(await rep.post(url, json={**reply, "files": [forged]}), 404, "no-such-upload")


async def test_a_file_that_is_not_there_is_404(home: House) -> None:
    landed = await home.letter()
    rep = await home.as_("rep")
    no(await rep.get(f"/api/v1/messages/{landed.message}/files/0"), 404, "not-found")
    no(await rep.get(f"/api/v1/messages/{landed.message}/html"), 404, "not-found")
    no(await rep.get(f"/api/v1/messages/{landed.customer}/raw"), 404, "no-such-message")


async def test_a_forwarded_letter_takes_its_files_along_and_no_others(home: House) -> None:
    landed, letter = await letter_with_files(home)
    stranger = await home.letter(sender="Bob <bob@home.example>")
    rep = await home.as_("rep")
    forward = {
        "mode": "forward",
        "to": [{"address": "courier@parcels.example"}],
        "text": "Please look",
        "seen": letter["id"],
    }
    passed_on = {**forward, "files": [f"letter:{letter['id']}:0", f"letter:{letter['id']}:2"]}
    told(await rep.post(f"/api/v1/conversations/{landed.conversation}/replies", json=passed_on), Done)
    written = (await home.desk.log.read_stream(StreamId(landed.customer)))[-1].event
    assert isinstance(written, ReplyWritten)
    assert (written.kind, written.subject, written.in_reply_to) == ("forward", "Fwd: My order", "")
    assert [file.sha256 for file in written.files] == [letter["files"][n]["sha256"] for n in (0, 2)]  # type: ignore[union-attr]
    elsewhere = f"/api/v1/conversations/{stranger.conversation}/replies"
    no(await rep.post(elsewhere, json=passed_on), 404, "no-such-message")
    beyond = {**forward, "files": [f"letter:{letter['id']}:9"]}
    no(
        await rep.post(f"/api/v1/conversations/{landed.conversation}/replies", json=beyond),
        404,
        "file-missing",
    )


async def test_html_that_asks_too_much_of_a_worker_is_shown_as_its_words(
    home: House, monkeypatch: Any
) -> None:
    plain = HereAndNow.read

    async def read(self: HereAndNow, raw: bytes, *, account: str, harmless: bool = False) -> Incoming:
        if harmless:
            raise Unreadable("more CPU time than a letter may use")
        return await plain(self, raw, account=account)

    _, letter = await letter_with_files(home)
    monkeypatch.setattr(HereAndNow, "read", read)
    shown = await (await home.as_("rep")).get(f"/api/v1/messages/{letter['id']}/frame")
    assert shown.status_code == 200 and "<pre" in shown.text and "<script" not in shown.text


def test_a_picture_named_a_thousand_times_does_not_make_a_page_of_gigabytes() -> None:
    pictures = Pictures({"p": PNG + b"x" * 1_000_000})
    assert len("".join(filter(None, (pictures("p") for _ in range(1000))))) <= MOST_IN_ALL
    assert pictures("other") is None
