"""The reading worker's own side: reads letters from standard input, answers on standard output, can open nothing."""

from __future__ import annotations

import codecs
import encodings.aliases
import importlib
import os
import resource
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any, BinaryIO

import msgspec

from hub.domain.letters import Incoming, Unreadable

Reader = Callable[..., Incoming]
Cleaner = Callable[[str], str]
Asked = tuple[bytes, str, list[str], list[str], bool]
"""Raw letter, account, trusted authserv-ids, our domains, and whether its HTML is to be made harmless."""
OUT_OF_MEMORY = 3

SAMPLE = (
    "From: =?gb2312?B?1cXI/Q==?= <ann@customer.example>\r\nTo: care@shop.example\r\nSubject: warm\r\n"
    "Date: Mon, 2 Mar 2026 10:00:00 +0800\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
    "Content-Type: text/html\r\n\r\n<p>您好，订单还没有收到</p><blockquote type=cite>x</blockquote>\r\n--b\r\n"
    "Content-Disposition: attachment; filename=a\r\n\r\nx\r\n--b--\r\n"
)


def serve() -> None:
    """Answer letters until standard input ends. Arguments: bytes of memory, seconds of CPU per letter, reader, cleaner."""
    memory, seconds = int(sys.argv[1]), int(sys.argv[2])
    asked, answers = os.fdopen(0, "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # a stray print must not look like an answer
    reader, cleaner = warm(sys.argv[3]), cleaner_of(sys.argv[4])
    confine(memory)
    answer(answers, b"R")
    while message := next_message(asked):
        raise_cpu_limit(seconds)
        try:
            answer(answers, read(reader, message, cleaner))
        except MemoryError:
            os._exit(OUT_OF_MEMORY)


def warm(name: str) -> Reader:
    """The reader with everything it may ever load: once confined, no file can be opened any more."""
    reader: Reader = named(name)
    for codec in set(encodings.aliases.aliases.values()):
        with suppress(LookupError):
            codecs.lookup(codec)
    for charset in ("utf-8", "gb18030", "big5", "koi8-r", "shift_jis", "cp1252"):
        with suppress(Unreadable, UnicodeError):
            read(reader, msgspec.msgpack.encode([SAMPLE.encode(charset, "replace"), "", [], [], False]))
    return reader


def cleaner_of(name: str) -> Cleaner:
    """Warm as well; without a name HTML stays as it is."""
    if not name:
        return str
    cleaner: Cleaner = named(name)
    cleaner(SAMPLE)
    return cleaner


def named(name: str) -> Any:
    """`module:function`."""
    module, _, function = name.partition(":")
    return getattr(importlib.import_module(module), function)


def confine(memory: int) -> None:
    """No more memory than that, no new file or socket, no core, no byte written to a file."""
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))


def raise_cpu_limit(seconds: int) -> None:
    """The next letter may use so many seconds; past them the kernel sends SIGXCPU, which ends us."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime) + 1 + seconds, hard))


def read(reader: Reader, message: bytes, cleaner: Cleaner = str) -> bytes:
    """`I` and the letter as data, or `U` and why not."""
    raw, account, trusted, ours, harmless = msgspec.msgpack.decode(message, type=Asked)
    try:
        incoming = reader(
            raw, account=account, trusted_authserv=frozenset(trusted), our_domains=frozenset(ours)
        )
    except Unreadable as why:
        return b"U" + str(why).encode("utf-8", "replace")
    if harmless:
        incoming = replace(incoming, html=cleaner(incoming.html))
    # As built-in types a date keeps its zone; msgpack's own timestamps would forget it.
    return b"I" + msgspec.msgpack.encode(msgspec.to_builtins(incoming, builtin_types=(bytes,)))


def next_message(asked: BinaryIO) -> bytes:
    """The next message, or b"" when there are no more."""
    size = asked.read(4)
    return asked.read(int.from_bytes(size, "big")) if len(size) == 4 else b""


def answer(answers: BinaryIO, message: bytes) -> None:
    answers.write(len(message).to_bytes(4, "big"))
    answers.write(message)
    answers.flush()
