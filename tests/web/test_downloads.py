"""Names and bytes of strangers on their way to a browser."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.web.downloads import disposition, download, picture, safe_name


@pytest.mark.parametrize(
    ("hostile", "harmless"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Windows\\evil.exe", "evil.exe"),
        (".htaccess", "htaccess"),
        ("\u200b.htaccess", "htaccess"),
        ("a\r\nSet-Cookie: x=1.txt", "aSet-Cookie_ x=1.txt"),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        ("", "file"),
        ("...", "file"),
        ("a\0b.pdf", "ab.pdf"),
        ("订单 12.pdf", "订单 12.pdf"),
    ],
)
def test_a_hostile_name_is_only_a_name(hostile: str, harmless: str) -> None:
    assert safe_name(hostile) == harmless


@given(st.text(max_size=400))
def test_any_name_fits_in_one_header_line(name: str) -> None:
    header = disposition(name)
    assert header.isascii()
    assert not set("\r\n\0") & set(header)
    assert len(safe_name(name)) <= 120
    assert "/" not in safe_name(name)


@pytest.mark.parametrize(
    "kind", ["text/html", "image/svg+xml", "application/xhtml+xml", "text/javascript", "x\r\ny"]
)
def test_what_could_be_a_page_is_told_to_be_bytes(kind: str) -> None:
    answer = download(b"<script>", "x.html", kind)
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_only_bytes_that_are_a_picture_are_shown_in_place() -> None:
    assert picture(b"<svg onload=alert(1)>") is None
    shown = picture(b"\x89PNG\r\n\x1a\n....")
    assert shown is not None
    assert shown.headers["content-type"] == "image/png"
