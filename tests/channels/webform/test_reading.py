"""A form's fields become one touchpoint, or errors that say what to do."""

from contextlib import suppress

from hypothesis import given
from hypothesis import strategies as st

from channels.webform.reading import (
    FieldError,
    Submission,
    incoming,
    raw_of,
    read_raw,
    read_submission,
    uploaded,
)
from channels.webform.settings import FormSettings
from channels.webform.words import ERRORS, WORDS, explained, preferred, said
from hub.domain.letters import Address, Unreadable

FORM = FormSettings(
    name="contact",
    account="support",
    inbox=Address(address="support@shop.example"),
    max_files=2,
    max_file_mb=1,
)
GOOD = {
    "name": "Alice",
    "email": "alice@home.example",
    "subject": "Lamp",
    "message": "It broke.",
    "key": "a" * 16,
}


def filled(**fields: str) -> Submission:
    read = read_submission({**GOOD, **fields}, (), FORM)
    assert isinstance(read, Submission), read
    return read


def errors(files=(), **fields: str) -> tuple[FieldError, ...]:
    read = read_submission({**GOOD, **fields}, files, FORM)
    assert not isinstance(read, Submission)
    return read


def test_a_filled_form_is_heard_like_any_letter():
    heard = incoming(filled(), FORM)
    assert (heard.channel, heard.sender) == ("webform", Address(address="alice@home.example", name="Alice"))
    assert (heard.subject, heard.text, heard.new_text) == ("Lamp", "It broke.", "It broke.")
    assert heard.recipients == ("support@shop.example",)
    assert not heard.authentication.proven


def test_every_wrong_field_is_named_at_once():
    assert errors(email="nobody", message=" ", subject="x" * 201) == (
        FieldError(field="email", code="not-an-address"),
        FieldError(field="subject", code="too-long"),
        FieldError(field="message", code="required"),
    )


def test_too_many_or_too_large_files_are_refused():
    small, large = uploaded("a.txt", "text/plain", b"x"), uploaded("b.bin", "", b"x" * (2**20 + 1))
    assert errors([small] * 3) == (FieldError(field="files", code="too-many-files"),)
    assert errors([large]) == (FieldError(field="files", code="file-too-large"),)


def test_a_header_can_not_be_smuggled_in_by_a_line_break():
    assert filled(name="Alice\r\nBcc: x@y.example", subject="a\nb").name == "Alice Bcc: x@y.example"


def test_a_file_name_is_a_label_and_never_a_path():
    assert uploaded("..\\..\\etc/passwd\x00", "", b"").filename == "passwd"


def test_what_is_kept_is_read_back_whole():
    file = uploaded("发票.pdf", "application/pdf", b"\x00\xff%PDF")
    read = read_submission({**GOOD, "message": "灯坏了，请退款。"}, [file], FORM)
    assert isinstance(read, Submission)
    assert read_raw(raw_of(read), FORM) == incoming(read, FORM)
    assert incoming(read, FORM).language == "zh"


def test_the_same_post_twice_keeps_the_same_bytes_and_another_key_does_not():
    assert raw_of(filled()) == raw_of(filled())
    assert raw_of(filled()) != raw_of(filled(key="b" * 16))


def test_who_goes_back_and_writes_something_else_is_heard_a_second_time():
    assert filled().key == filled().key
    assert filled().key != filled(message="It broke again.").key


def test_without_a_key_the_content_and_the_page_tell_submissions_apart():
    assert filled(key="").key == filled(key="").key
    assert filled(key="").key != filled(key="", message="It broke again.").key
    assert filled(key="", token="5f.a").key != filled(key="", token="60.b").key


def test_whoever_fills_the_hidden_field_is_marked():
    assert filled(website="http://casino.example").trapped
    assert not filled().trapped


@given(st.dictionaries(st.sampled_from([*GOOD, "website", "lang", "token"]), st.text()))
def test_any_fields_give_a_submission_that_survives_keeping_or_explained_errors(fields: dict[str, str]):
    read = read_submission(fields, (), FORM)
    if isinstance(read, Submission):
        assert read_raw(raw_of(read), FORM) == incoming(read, FORM)
    else:
        assert all(explained(error.code, "zh") for error in read)


@given(
    st.binary() | st.recursive(st.none() | st.text() | st.integers(), st.lists).map(lambda x: str(x).encode())
)
def test_any_kept_bytes_are_read_or_called_unreadable(raw: bytes):
    with suppress(Unreadable):
        read_raw(raw, FORM)


def test_every_word_stands_in_both_languages():
    pairs = {**WORDS, **ERRORS}
    assert all(english and chinese for english, chinese in pairs.values())
    assert said("send", "zh") == "发送"


def test_the_language_is_the_asked_one_else_the_browser_s_first_of_ours():
    assert preferred("zh", "en") == "zh"
    assert preferred("", "fr, zh-CN;q=0.8, en;q=0.5") == "zh"
    assert preferred("", "fr") == "en"
