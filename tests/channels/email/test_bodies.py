"""Which parts are words and which are files: none is lost, none counts twice."""

from __future__ import annotations

import base64

from channels.email.reading import read_letter
from hub.domain.letters import Incoming

TEXT = "Content-Type: text/plain\r\n\r\nhello"
PAGE = "Content-Type: text/html\r\n\r\n<p>hello</p>"


def mixed(*parts: str, kind: str = "mixed") -> Incoming:
    body = "".join(f"--b\r\n{part}\r\n" for part in parts)
    return read_letter(
        f"From: a@b.example\r\nContent-Type: multipart/{kind}; boundary=b\r\n\r\n{body}--b--\r\n".encode()
    )


def test_a_text_file_shown_inline_is_still_a_file() -> None:
    found = mixed("Content-Type: text/plain\r\nContent-Disposition: inline; filename=notes.txt\r\n\r\nhello")
    assert [(each.filename, each.content, each.inline) for each in found.attachments] == [
        ("notes.txt", b"hello", True)
    ]


def test_a_letter_that_is_one_named_text_is_that_text() -> None:
    found = read_letter(b"From: a@b.example\r\nContent-Type: text/plain; name=body.txt\r\n\r\nhello")
    assert (found.text, found.attachments) == ("hello", ())


def test_a_letter_that_is_one_file_is_that_file() -> None:
    found = read_letter(
        b"From: a@b.example\r\nContent-Type: application/pdf; name=a.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\nJVBERg=="
    )
    assert [(each.filename, each.content) for each in found.attachments] == [("a.pdf", b"%PDF")]


def test_text_on_both_sides_of_a_file_is_one_text() -> None:
    found = mixed(TEXT, "Content-Type: image/png; name=a.png\r\n\r\nx", "Content-Type: text/plain\r\n\r\nbye")
    assert found.text == "hello\nbye"


def test_twins_side_by_side_count_once() -> None:
    found = mixed(TEXT, PAGE, "Content-Type: text/plain\r\n\r\nlist footer")
    assert found.text == "hello\nlist footer"
    assert "<p>hello</p>" in found.html


def test_of_alternatives_the_text_is_read_and_the_page_kept() -> None:
    found = mixed(TEXT, "Content-Type: text/html\r\n\r\n<p>hello <b>page</b></p>", kind="alternative")
    assert found.text == "hello"
    assert found.html == "<p>hello <b>page</b></p>"


def test_an_empty_alternative_gives_way_to_the_page() -> None:
    assert mixed("Content-Type: text/plain\r\n\r\n \r\n", PAGE, kind="alternative").text == "hello"


def test_a_list_footer_below_an_encoded_text_is_readable() -> None:
    encoded = base64.b64encode("你好".encode()).decode()
    found = mixed(
        f"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n{encoded}\r\n____\r\nlist footer"
    )
    assert found.text == "你好\n____\nlist footer"


def test_what_lies_past_the_deepest_level_is_kept_as_a_file() -> None:
    raw = b"From: a@b.example\r\nContent-Type: multipart/mixed; boundary=b0\r\n\r\n"
    for level in range(60):
        raw += b"--b%d\r\nContent-Type: multipart/mixed; boundary=b%d\r\n\r\n" % (level, level + 1)
    found = read_letter(raw + b"--b60\r\n\r\ntreasure\r\n")
    assert any(b"treasure" in each.content for each in found.attachments)
    assert any("nested deeper" in each for each in found.defects)


def test_a_scripted_or_hidden_word_is_not_read_aloud() -> None:
    page = "<title>t</title><style>p{}</style><script>evil()</script><p style='display:none'>hidden</p><p>shown</p>"
    assert mixed(f"Content-Type: text/html\r\n\r\n{page}").text == "shown"
