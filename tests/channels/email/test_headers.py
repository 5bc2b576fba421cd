"""Words in heads: RFC 2047, 2231 and 6532, as written by the rules and as written in the wild."""

from __future__ import annotations

import base64

import pytest

from channels.email.reading import read_letter
from channels.email.reading.addresses import addresses
from channels.email.reading.charsets import decode
from channels.email.reading.headers import words
from channels.email.reading.parameters import parameters
from hub.domain.letters import Address


def b(text: str, codec: str, label: str = "") -> str:
    return f"=?{label or codec}?B?{base64.b64encode(text.encode(codec)).decode()}?="


WORDS = [
    (b"=?ISO-8859-1?Q?a?=", "a"),
    (b"=?ISO-8859-1?Q?a?= b", "a b"),
    (b"=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?=", "ab"),
    (b"=?ISO-8859-1?Q?a?=\r\n    =?ISO-8859-1?Q?b?=", "ab"),
    (b"=?ISO-8859-1?Q?a_b?=", "a b"),
    (b"=?ISO-8859-1?Q?a?= =?ISO-8859-2?Q?_b?=", "a b"),
    (b"=?US-ASCII*EN?Q?Keith_Moore?=", "Keith Moore"),
    (b"=?ISO-8859-1?Q?Patrik_F=E4ltstr=F6m?= says hi", "Patrik Fältström says hi"),
    (b"=?utf-8?b?5L2g5aW9?==?utf-8?b?5ZCX?=", "你好吗"),
    (b"=?utf-8?B?5L2g5aW9?= =?UTF8?Q?=E5=90?= =?utf-8?Q?=97?=", "你好吗"),
    (b"=?utf-8?Q?hello world?=", "hello world"),
    (b"=?utf-8?B?5L2g5aW9", "=?utf-8?B?5L2g5aW9"),
    (b"=?x-nobody-knows?Q?hello?=", "hello"),
    (b"=?utf-8?X?abc?= rest", "=?utf-8?X?abc?= rest"),
    (b"=?gb2312?B?1PX6?= tail", "怎\ufffd tail"),
    (b"a  two  blanks", "a  two  blanks"),
    (b"folded\r\n\there", "folded here"),
    ("raw 世界".encode(), "raw 世界"),
    ("raw 订单没有收到请尽快处理".encode("gb18030"), "raw 订单没有收到请尽快处理"),
    (b"caf\xe9 cr\xe8me", "café crème"),
    (b"\x1b$B%F%9%H\x1b(B", "テスト"),
    (b"", ""),
]  # fmt: skip


@pytest.mark.parametrize(("raw", "text"), WORDS)
def test_a_field_is_read(raw: bytes, text: str) -> None:
    if "\ufffd" in text:
        assert words(raw).endswith(" tail")
    else:
        assert words(raw) == text


PARAMETERS = [
    (b"text/plain; charset=us-ascii (Plain text)", "charset", "us-ascii (Plain text)"),
    (b'application/x; name="a;b=c.txt"', "name", "a;b=c.txt"),
    (b'application/x; name="quote \\"q\\" .txt"', "name", 'quote "q" .txt'),
    (b'application/x; name="C:\\dir\\file.txt"', "name", "C:\\dir\\file.txt"),
    (b"application/x; name=my file.txt", "name", "my file.txt"),
    (b"message/external-body; URL*0=\"ftp://\";\r\n URL*1=\"cs.utk.edu/pub/moore/bulk-mailer.tar\"", "url", "ftp://cs.utk.edu/pub/moore/bulk-mailer.tar"),
    (b"application/x-stuff; title*=us-ascii'en-us'This%20is%20%2A%2A%2Afun%2A%2A%2A", "title", "This is ***fun***"),
    (b"application/x-stuff; title*0*=us-ascii'en'This%20is%20even%20more%20; title*1*=%2A%2A%2Afun%2A%2A%2A%20; title*2=\"isn't it!\"", "title", "This is even more ***fun*** isn't it!"),
    (b"attachment; filename*1*=%97.txt; filename*0*=utf-8''%E5%90", "filename", "吗.txt"),
    (b"attachment; filename=plain.txt; filename*=UTF-8''%E4%BD%A0.txt", "filename", "你.txt"),
    (b"attachment; filename*=%E4%BD%A0.txt", "filename", "你.txt"),
    (b"attachment; filename*=gb2312''%C4%E3.txt", "filename", "你.txt"),
    (b'attachment; filename="=?utf-8?B?5L2g?=\r\n =?utf-8?B?5aW9?=.txt"', "filename", "你好.txt"),
    (b'attachment; filename="' + "你好.txt".encode() + b'"', "filename", "你好.txt"),
    (b'attachment; filename="unclosed.txt', "filename", "unclosed.txt"),
    (b"attachment; filename=a.txt; filename=b.txt", "filename", "a.txt"),
    (b"attachment; filename*99999=a; filename*x=b;;;; =;", "filename", ""),
    (b"attachment; FileName = up.txt", "filename", "up.txt"),
]  # fmt: skip


@pytest.mark.parametrize(("raw", "name", "value"), PARAMETERS)
def test_a_parameter_is_read(raw: bytes, name: str, value: str) -> None:
    assert parameters(raw).get(name) == value


ADDRESSES: list[tuple[bytes, list[tuple[str, str]], bool]] = [
    (b"ann@mail.example", [("", "ann@mail.example")], True),
    (b"Ann Archer <ann@mail.example>", [("Ann Archer", "ann@mail.example")], True),
    (b'"Archer, Ann" <ann@mail.example>, bob@mail.example', [("Archer, Ann", "ann@mail.example"), ("", "bob@mail.example")], True),
    (b"ann@mail.example (Ann Archer)", [("Ann Archer", "ann@mail.example")], True),
    (b'"A \\"Q\\" B" <a@b.example>', [('A "Q" B', "a@b.example")], True),
    (b"=?utf-8?Q?M=C3=BCller=2C_Eva?= <eva@mail.example>", [("Müller, Eva", "eva@mail.example")], True),
    (b"=?utf-8?Q?Eva, M?= <eva@mail.example>", [("Eva, M", "eva@mail.example")], True),
    (b'"=?gb2312?B?1cXI/Q==?=" <z@qq.example>', [("张三", "z@qq.example")], True),
    (b"<@relay.example,@other.example:ann@mail.example>", [("", "ann@mail.example")], True),
    (b'"very unusual"@mail.example', [("", '"very unusual"@mail.example')], True),
    ("用户@例子.example".encode(), [("", "用户@例子.example")], True),
    (b"Friends: ann@mail.example, Bob <bob@mail.example>;", [("", "ann@mail.example"), ("Bob", "bob@mail.example")], False),
    (b"undisclosed-recipients:;", [], False),
    (b"ann@mail.example; bob@mail.example", [("", "ann@mail.example"), ("", "bob@mail.example")], True),
    (b"alice@example.org)bob@example.com", [("", "alice@example.org")], False),
    (b"alice@example.org(<bob@example.com>", [("<bob@example.com>", "alice@example.org")], True),
    (b"alice@example.org<bob@example.net>", [("alice@example.org", "bob@example.net")], False),
    (b"alice@example.org]<bob@example.net>", [("alice@example.org]", "bob@example.net")], False),
    (b"alice@example.org<bob@example.net", [("alice@example.org", "bob@example.net")], False),
    (b'"alice@example.org" <bob@example.net>', [("alice@example.org", "bob@example.net")], True),
    (b"a@b.example <c@d.example> <e@f.example>", [("a@b.example", "e@f.example")], False),
    (b"nobody", [("nobody", "")], False),
    (b"=?utf-8?B?QW5uIDxhbm5AbWFpbC5leGFtcGxlPg==?=", [("Ann", "ann@mail.example")], False),
    (b"", [], True),
]  # fmt: skip


@pytest.mark.parametrize(("raw", "found", "regular"), ADDRESSES)
def test_addresses_are_read_and_oddities_told(
    raw: bytes, found: list[tuple[str, str]], regular: bool
) -> None:
    read, odd = addresses([raw])
    assert read == tuple(Address(name=name, address=address) for name, address in found)
    assert (odd == ()) is regular


CHARSETS = [
    ("gb2312", "gb18030", "镕基 € 你好"), ("gbk", "gbk", "您好，订单"), ("x-gbk", "gbk", "您好"), ("gb18030", "gb18030", "𠀀龍"),
    ("big5", "big5", "許功蓋"), ("ks_c_5601-1987", "cp949", "똠방각하"), ("iso-2022-jp", "iso2022_jp", "注文"), ("shift_jis", "cp932", "①髙"),
    ("iso-8859-1", "cp1252", "“smart” – €"), ("windows-1258", "cp1258", "Viê\u0323t"), ("utf-7", "utf-7", "价格 £"), ("koi8-r", "koi8-r", "Привет"),
    ("us-ascii", "utf-8", "really UTF-8: ü"), ("iso-8859-1", "utf-8", "mislabelled – ü 你"), ("gb2312", "utf-8", "其实是UTF-8"), ("utf-8", "gb18030", "其实是国标编码的信件"),
    ("", "utf-8", "no label, ü"), ("unknown-8bit", "gb18030", "没有声明字符集的信件内容"), ("x-nobody-knows", "utf-8", "谁也不知道"), ("iso-8859-1", "gb18030", "标成西文的中文信件，请处理"),
    ("utf8", "utf-8", "ü"), ('"utf-8"', "utf-8", "ü"), ("utf-16", "utf-16", "sixteen 十六"), ("base64", "utf-8", "not a charset: ü"), ("hz-gb-2312", "hz", "你好"),
    ("tis-620", "cp874", "สวัสดี"), ("", "shift_jis", "お世話になっております。注文が届きません。"), ("", "koi8-r", "Здравствуйте, мой заказ не пришёл"),
    ("", "big5", "您好，我的訂單還沒有收到，請盡快處理。謝謝！"), ("", "cp1252", "Un café crème à Zürich, s’il vous plaît"),
]  # fmt: skip


@pytest.mark.parametrize(("label", "codec", "text"), CHARSETS)
def test_text_comes_out_of_any_charset(label: str, codec: str, text: str) -> None:
    assert decode(text.encode(codec), label)[0] == text


@pytest.mark.parametrize("codec", ["utf-8", "gb18030", "big5"])
def test_one_damaged_byte_spoils_one_character_and_not_the_letter(codec: str) -> None:
    text = (
        "您好，我的订单到現在還沒有收到，請盡快處理。謝謝！"
        if codec != "big5"
        else "您好，我的訂單到現在還沒有收到，請盡快處理。謝謝！"
    )
    raw = text.encode(codec)
    for label in (codec, "") if codec == "utf-8" else (codec,):
        for at in range(20, 30):
            read = decode(raw[:at] + b"\xff" + raw[at + 1 :], label)[0]
            assert sum(a != b for a, b in zip(read[-6:], text[-6:], strict=True)) == 0


def test_a_neighbour_s_charset_reads_a_bare_name() -> None:
    assert decode("发票".encode("gbk"), "", "gb2312")[0] == "发票"
    assert decode("發票收據".encode("big5"), "", "big5")[0] == "發票收據"
    assert decode("发票，请重新开具".encode("gbk"), "", "iso-8859-1")[0] == "发票，请重新开具"


def test_no_bytes_are_too_bad() -> None:
    for label in (
        "utf-8",
        "gb2312",
        "ascii",
        "utf-7",
        "utf-16",
        "utf-32",
        "hz",
        "iso-2022-jp",
        "idna",
        "undefined",
        "unicode_escape",
        "\ud800",
        "a\0b",
        "",
    ):
        decode(bytes(range(256)) * 3, label)[0].encode("utf-8")


CRASHES = [
    b"From: ", b"From: <", b"From: @", b'From: "', b"From: (", b"From: :;", b"From: a@[", b"To: a@b, , ;;", b"Subject: =?=?==?", b"Subject: =?utf-8?q?=",
    b"Date: 0", b"Date: Mon, 99 Foo 99999 99:99:99 +99999", b"Date: \xff", b"Content-Type: ;", b"Content-Type: text/plain; charset*=''", b"Content-Type: a/b; x*0*=",
    b"Content-Disposition: attachment; filename*=a'b", b"Message-ID: <<>>", b"Message-ID: [", b"References: <", b"Content-Transfer-Encoding: \xff", b"MIME-Version: \x00",
    b"From: =?us-ascii?q?=E9?= <a@b>", b"Reply-To: <>", b"Content-Type: multipart/mixed", b'Content-Type: multipart/mixed; boundary=""', b"Content-Type: text/html; charset=idna",
]  # fmt: skip


@pytest.mark.parametrize("field", CRASHES)
def test_headers_that_break_other_readers_are_read(field: bytes) -> None:
    found = read_letter(field + b"\r\nX-Sure: yes\r\n\r\nHello")
    assert found.text == "Hello" or [each.content for each in found.attachments] == [b"Hello"]
