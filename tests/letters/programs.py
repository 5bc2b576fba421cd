"""How mail programs quote, and in which charset and encoding they write."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

Cause = tuple[str, str, str]
"""(name, address, words) of the quoted letter."""

Quoting = Callable[[str, Cause], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A mail program. `codecs`: (label in the letter, Python codec) by script; `shape`: plain, alternative or html."""

    name: str
    scripts: tuple[str, ...]
    quoting: Quoting
    reply_prefix: str = "Re: "
    codecs: tuple[tuple[str, str], ...] = (("UTF-8", "utf-8"),)
    encodings: tuple[str, ...] = ("quoted-printable", "base64")
    shape: str = "plain"
    names: tuple[str, ...] = ("rfc2231", "rfc2047")

    @property
    def html_only(self) -> bool:
        return self.shape == "html"


def marked(text: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in text.split("\n"))


def gmail(text: str, cause: Cause) -> str:
    name, address, words = cause
    return f"{text}\n\nOn Mon, Mar 2, 2026 at 3:04 PM {name} <{address}> wrote:\n\n{marked(words)}"


def gmail_zh(text: str, cause: Cause) -> str:
    name, address, words = cause
    return f"{text}\n\n{name} <{address}> 于2026年3月2日周一 15:04写道：\n\n{marked(words)}"


def outlook(text: str, cause: Cause) -> str:
    name, address, words = cause
    head = f"From: {name} <{address}>\nSent: Monday, March 2, 2026 3:04 PM\nTo: Care <care@shop.example>\nSubject: as before"
    return f"{text}\n\n________________________________\n{head}\n\n{words}"


def outlook_zh(text: str, cause: Cause) -> str:
    name, address, words = cause
    return f"{text}\n\n发件人: {name} <{address}>\n发送时间: 2026年3月2日 15:04\n收件人: Care <care@shop.example>\n主题: 如前\n\n{words}"


def outlook_tw(text: str, cause: Cause) -> str:
    name, address, words = cause
    return f"{text}\n\n寄件者: {name} <{address}>\n寄件日期: 2026年3月2日 下午 03:04\n收件者: Care\n主旨: 如前\n\n{words}"


def apple(text: str, cause: Cause) -> str:
    name, address, words = cause
    return f"{text}\n\nSent from my iPhone\n\n" + marked(
        f"On Mar 2, 2026, at 3:04 PM, {name} <{address}> wrote:\n\n{words}"
    )


def apple_zh(text: str, cause: Cause) -> str:
    name, address, words = cause
    return f"{text}\n\n" + marked(f"在 2026年3月2日，下午3:04，{name} <{address}> 写道：\n\n{words}")


def plain_apple(text: str, cause: Cause) -> str:
    return apple(text, cause).replace("\n\nSent from my iPhone", "", 1)


def thunderbird(text: str, cause: Cause) -> str:
    return f"{text}\n\nOn 02/03/2026 15:04, {cause[0]} wrote:\n{marked(cause[2])}"


def netease(text: str, cause: Cause) -> str:
    name, address, words = cause
    return f'{text}\n\n\n\n\n在 2026-03-02 15:04:05，"{name}" <{address}> 写道：\n\n{words}'


def qq(text: str, cause: Cause) -> str:
    name, address, words = cause
    head = f'发件人: "{name}" <{address}>;\n发送时间: 2026年3月2日(星期一) 下午3:04\n收件人: "客服"<care@shop.example>;\n主题: 如前'
    return f"{text}\n\n------------------ 原始邮件 ------------------\n{head}\n\n{words}"


def foxmail(text: str, cause: Cause) -> str:
    name, _address, words = cause
    return f"{text}\n\n \n发件人： {name}\n发送时间： 2026-03-02 15:04\n收件人： care\n主题： 如前\n{words}"


def original_message(text: str, cause: Cause) -> str:
    name, address, words = cause
    return f"{text}\n\n-----Original Message-----\nFrom: {name} [mailto:{address}]\nSent: 2 March 2026\n\n{words}"


GB = (("gb2312", "gb18030"), ("GBK", "gbk"), ("gb18030", "gb18030"))
BIG5 = (("big5", "big5"), ("UTF-8", "utf-8"))
WESTERN = (("us-ascii", "ascii"), ("iso-8859-1", "cp1252"), ("Windows-1252", "cp1252"), ("utf-8", "utf-8"))
ALL = ("7bit", "8bit", "quoted-printable", "base64")

PROGRAMS = (
    Program(name="gmail", scripts=("en", "zh", "tw"), quoting=gmail, shape="alternative", names=("rfc2047", "ascii")),
    Program(name="gmail-zh", scripts=("zh", "tw"), quoting=gmail_zh, shape="alternative", encodings=("base64",)),
    Program(name="outlook", scripts=("en",), quoting=outlook, reply_prefix="RE: ", codecs=WESTERN, encodings=ALL, names=("rfc2047", "rfc2231")),
    Program(name="outlook-zh", scripts=("zh",), quoting=outlook_zh, reply_prefix="答复: ", codecs=GB, encodings=("8bit", "base64"), names=("rfc2047",)),
    Program(name="outlook-tw", scripts=("tw",), quoting=outlook_tw, codecs=BIG5, encodings=("8bit", "base64"), names=("rfc2047",)),
    Program(name="apple", scripts=("en", "zh", "tw"), quoting=plain_apple, names=("rfc2231-sections", "rfc2231")),
    Program(name="apple-zh", scripts=("zh", "tw"), quoting=apple_zh, names=("rfc2231-sections",)),
    Program(name="thunderbird", scripts=("en",), quoting=thunderbird, codecs=WESTERN, encodings=ALL, names=("rfc2231", "rfc2231-sections")),
    Program(name="netease", scripts=("zh",), quoting=netease, codecs=GB, encodings=("base64", "quoted-printable"), names=("rfc2047",)),
    Program(name="qq", scripts=("zh",), quoting=qq, reply_prefix="回复：", codecs=(("gb18030", "gb18030"),), encodings=("base64",), shape="html", names=("rfc2047",)),
    Program(name="foxmail", scripts=("zh",), quoting=foxmail, codecs=GB, encodings=ALL[1:], names=("rfc2231", "rfc2047")),
    Program(name="eudora", scripts=("en",), quoting=original_message, codecs=WESTERN, encodings=ALL, names=("raw", "rfc2231")),
)  # fmt: skip
