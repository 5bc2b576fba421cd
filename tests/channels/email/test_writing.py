"""Letters we write: they say what was meant, carry what was given, and nothing in a field starts another."""

from __future__ import annotations

import email
import email.policy
import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.email.reading import read_letter
from channels.email.writing import compose
from hub.domain.letters import Address, Attachment, Outgoing

LETTER = Outgoing(
    message_id="t0k3n.1@shop.example",
    sender=Address(address="care@shop.example", name="Lamp & Lantern Care"),
    to=(Address(address="ann@mail.example", name="Archer, Ann"),),
    subject="Re: Your order 4711",
    text="Dear Ann,\n\nwe are sorry.\n\n.\nFrom here on <b>all</b> is well.",
    in_reply_to="CAB7@mail.example",
    references=("first@mail.example", "CAB7@mail.example"),
    date=datetime(2026, 3, 2, 10, 0, tzinfo=UTC),
)
PDF = Attachment(filename="发票 2026.pdf", content_type="application/pdf", content=bytes(range(256)) * 9)
FIELD_NAMES = {
    "date", "from", "to", "cc", "reply-to", "subject", "message-id", "in-reply-to", "references", "auto-submitted",
    "x-auto-response-suppress", "precedence", "x-amends", "content-language", "mime-version", "content-type",
    "content-transfer-encoding", "content-disposition", "content-id",
}  # fmt: skip


def head(raw: bytes) -> dict[str, str]:
    return {
        name.lower(): str(value)
        for name, value in email.message_from_bytes(raw, policy=email.policy.compat32).items()
    }


def test_a_letter_carries_ids_and_date() -> None:
    found = head(compose(LETTER))
    assert found["message-id"] == "<t0k3n.1@shop.example>"
    assert found["in-reply-to"] == "<CAB7@mail.example>"
    assert found["references"] == "<first@mail.example> <CAB7@mail.example>"
    assert found["date"] == "Mon, 02 Mar 2026 10:00:00 +0000"
    assert found["mime-version"] == "1.0"
    assert found["x-amends"] == "<t0k3n.1@shop.example>"
    assert found["to"] == '"Archer, Ann" <ann@mail.example>'


def test_the_same_letter_is_the_same_bytes() -> None:
    assert compose(LETTER) == compose(LETTER)


def test_a_person_s_letter_bears_no_machine_marks() -> None:
    assert not {"auto-submitted", "precedence", "x-auto-response-suppress"} & head(compose(LETTER)).keys()


def test_an_automatic_letter_says_so_and_is_taken_for_one() -> None:
    raw = compose(replace(LETTER, automatic="auto-replied"))
    assert head(raw)["auto-submitted"] == "auto-replied"
    assert head(raw)["x-auto-response-suppress"] == "All"
    assert read_letter(raw).automatic.is_automatic


def test_bcc_is_written_nowhere() -> None:
    assert b"secret" not in compose(replace(LETTER, bcc=(Address(address="secret@mail.example"),)))


def test_lines_end_in_crlf_and_are_short() -> None:
    raw = compose(replace(LETTER, text="a\nb\rc\r\nd " + "long " * 500 + "ü" * 3_000, attachments=(PDF,)))
    assert not re.search(rb"\r(?!\n)|(?<!\r)\n", raw)
    assert max(map(len, raw.split(b"\r\n"))) <= 998


def test_text_becomes_a_page_with_everything_escaped() -> None:
    page = read_letter(compose(replace(LETTER, text='<script>alert("x")</script> & "y"'))).html
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_pictures_of_the_page_stay_with_the_page() -> None:
    picture = Attachment(
        filename="logo.png",
        content_type="image/png",
        content=b"png",
        inline=True,
        content_id="logo@shop.example",
    )
    found = read_letter(
        compose(replace(LETTER, html='<img src="cid:logo@shop.example">', attachments=(picture, PDF)))
    )
    assert [(each.filename, each.inline, each.content_id) for each in found.attachments] == [
        ("logo.png", True, "logo@shop.example"),
        (PDF.filename, False, ""),
    ]


def test_a_letter_as_a_file_keeps_its_bytes() -> None:
    inner = Attachment(
        filename="original.eml", content_type="message/rfc822", content=b"From: a@b\nSubject: x\n\n\xff\n"
    )
    found = read_letter(compose(replace(LETTER, attachments=(inner,)))).attachments[0]
    assert (found.filename, found.content) == (inner.filename, inner.content)


def test_the_standard_parser_reads_it_too() -> None:
    raw = compose(
        replace(
            LETTER,
            subject="Re: 您的订单 4711",
            attachments=(PDF,),
            sender=Address(address="care@shop.example", name="客服, Care"),
        )
    )
    found = email.message_from_bytes(raw, policy=email.policy.default)
    assert found["subject"] == "Re: 您的订单 4711"
    assert found["from"].addresses[0].display_name == "客服, Care"
    assert [(part.get_filename(), part.get_payload(decode=True)) for part in found.iter_attachments()] == [
        (PDF.filename, PDF.content)
    ]
    body = found.get_body(preferencelist=("plain",))
    assert body is not None
    assert body.get_content().replace("\r\n", "\n") == LETTER.text


EVIL = "x\r\nBcc: all@victims.example\r\n\r\nhello\rX-A: 1\nX-B: 2\x00\u2028X-C: 3\x0bX-D: 4\x85X-E: 5"
EVIL_ADDRESS = Address(address="a@b.example>\r\nBcc: all@victims.example", name=EVIL)
EVIL_FILE = Attachment(filename=EVIL, content_type="text/html\r\nX-A: 1", content=b"x", content_id=EVIL)
INJECTED = {
    "message_id": {"message_id": EVIL},
    "subject": {"subject": EVIL},
    "in_reply_to": {"in_reply_to": EVIL},
    "references": {"references": (EVIL, "b@c>\r\nX-A: 1")},
    "automatic": {"automatic": EVIL},
    "language": {"language": EVIL},
    "sender name": {"sender": Address(address="a@b.example", name=EVIL)},
    "sender address": {"sender": EVIL_ADDRESS},
    "to": {"to": (EVIL_ADDRESS, EVIL_ADDRESS)},
    "to name": {"to": (Address(address="a@b.example", name=EVIL),)},
    "cc": {"cc": (EVIL_ADDRESS,)},
    "cc quoted": {"cc": (Address(address='"a\r\nX-A: 1"@b.example'),)},
    "reply_to": {"reply_to": EVIL_ADDRESS},
    "reply_to domain": {"reply_to": Address(address="a@b\r\nX-A: 1.example")},
    "non-ascii name": {"sender": Address(address="a@b.example", name="客服\r\nBcc: x@y.example")},
    "non-ascii subject": {"subject": "订单\r\nBcc: x@y.example\r\n\r\n正文"},
    "file name": {"attachments": (EVIL_FILE,)},
    "file type": {"attachments": (replace(EVIL_FILE, filename="a"),)},
    "content id": {
        "attachments": (replace(EVIL_FILE, inline=True, content_type="image/png"),),
        "html": "<p>x</p>",
    },
    "non-ascii file name": {
        "attachments": (Attachment(filename="发票\r\nX-A: 1.pdf", content_type="a/b", content=b"x"),)
    },
    "text": {"text": EVIL + "\r\n--=_alternative\r\nX-A: 1"},
    "html": {"html": EVIL},
    "surrogate": {"subject": "a\ud800b", "text": "\ud800"},
}


@pytest.mark.parametrize("change", INJECTED.values(), ids=INJECTED.keys())
def test_no_field_starts_another(change: dict[str, object]) -> None:
    raw = compose(replace(LETTER, **change))  # type: ignore[arg-type]
    parsed = email.message_from_bytes(raw, policy=email.policy.compat32)
    for part in parsed.walk():
        assert {name.lower() for name in part} <= FIELD_NAMES
        assert not part.defects
    assert "bcc" not in parsed
    before = email.message_from_bytes(compose(LETTER), policy=email.policy.compat32)
    assert set(before.keys()) <= set(parsed.keys())


def test_negative_control_an_unguarded_value_would_start_a_field() -> None:
    raw = compose(LETTER).replace(b"Re: Your order 4711", b"x\r\nBcc: all@victims.example")
    assert "bcc" in head(raw)


NAMES = st.text(st.characters(exclude_categories=["C", "Z"]), max_size=40).map(str.strip)
SUBJECTS = st.text(st.characters(exclude_categories=["C", "Zl", "Zp"]), max_size=120).map(
    lambda text: " ".join(text.split())
)
TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"], include_characters="\n\t"), max_size=400)
FILE_NAMES = st.text(
    st.characters(exclude_categories=["C", "Z"], exclude_characters='/\\"'), min_size=1, max_size=60
)


@settings(max_examples=150, deadline=None)
@given(SUBJECTS, NAMES, TEXTS, st.lists(st.tuples(FILE_NAMES, st.binary(max_size=300)), max_size=3))
def test_what_we_write_we_read(subject: str, name: str, text: str, files: list[tuple[str, bytes]]) -> None:
    attachments = tuple(
        Attachment(filename=each, content_type="application/x-thing", content=content)
        for each, content in files
    )
    sender = Address(address="care@shop.example", name=name)
    found = read_letter(
        compose(replace(LETTER, subject=subject, sender=sender, text=text, attachments=attachments))
    )
    assert found.subject == subject
    assert found.sender == sender
    assert found.text == text.strip("\n").rstrip()
    assert found.attachments == attachments
    assert (found.native_id, found.in_reply_to, found.references) == (
        LETTER.message_id,
        (LETTER.in_reply_to,),
        LETTER.references,
    )
    assert found.defects == ()
